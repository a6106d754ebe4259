"""The list of processes that `ps` prints, on procps and on BusyBox, without our own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from temanashi.hosts.command import Command, Script

__all__ = ["PS", "Process", "others", "parse_ps"]

_COLUMNS = "pid,ppid,user:32,stat,time,etime,rss,comm,args"
# BusyBox knows no widths, and often neither `time` nor `etime`.
_FEWER = "pid,ppid,user,stat,rss,comm,args"
PS: Command = Script(f"ps -eo {_COLUMNS} 2>/dev/null || ps -o {_FEWER}")
"""One list serves every check of processes of a host: equal commands run once."""

_NAMES = {
    "PID": "pid",
    "PPID": "parent",
    "USER": "user",
    "STAT": "state",
    "S": "state",
    "TIME": "time",
    "ELAPSED": "age",
    "RSS": "rss",
}
_SAID = ("user", "state", "time", "age", "rss")
_COMM = ("COMMAND", "COMM", "CMD")
_TIME = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)")
_SHORT_TIME = re.compile(r"(\d+)([dh])(\d+)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([mgt]?)")
_SPLIT_STATE = re.compile(r"^(\s*\d+\s+\d+\s+\S+\s+[A-Z]) ([<N]) ")
_FACTOR = {"": 1, "m": 1024, "g": 1024**2, "t": 1024**3}


class Process(NamedTuple):
    """One row of ps; `said_*` as ps wrote it, empty where this ps does not tell. Only few of hundreds are looked at closely."""

    pid: int
    parent: int
    user: str
    state: str
    said_time: str
    said_age: str
    said_rss: str
    name: str
    command: str

    @property
    def age(self) -> int | None:
        """Seconds since it started."""
        return _seconds(self.said_age)

    @property
    def cpu(self) -> float | None:
        """Percent of one processor over its life."""
        time, age = _seconds(self.said_time), self.age
        return None if time is None or not age else 100 * time / age

    @property
    def rss(self) -> int | None:
        """Resident memory in KiB."""
        match = _SIZE.fullmatch(self.said_rss)
        return round(float(match[1]) * _FACTOR[match[2]]) if match else None


def parse_ps(text: str) -> list[Process] | None:
    """The rows of `ps`; None when the header is missing. Names may hold spaces: the column before the last has a width."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        words = line.split()
        if words[:2] == ["PID", "PPID"] and len(words) > 4 and words[-1] in (*_COMM, "ARGS") and words[-2] in _COMM:  # noqa: PLR2004  (pid, ppid, one more, comm, args)
            places = {_NAMES.get(word, word): place for place, word in enumerate(words[:-2])}
            width = line.rindex(words[-1]) - line.rindex(words[-2], 0, line.rindex(words[-1]))
            rows = (_row(row, places, width) for row in lines[start + 1 :])
            return [row for row in rows if row is not None]
    return None


def _row(line: str, places: Mapping[str, int], width: int) -> Process | None:
    count = len(places)
    # Only BusyBox, which does not tell times, leaves a gap within a state: `S N`, `S <`.
    words = (line if "time" in places else _SPLIT_STATE.sub(r"\1\2 ", line)).split(None, count)
    if len(words) <= count or not (words[0].isdigit() and words[1].isdigit()):
        return None
    user, state, time, age, rss = (words[places[name]] if name in places else "" for name in _SAID)
    rest = words[count]
    command = rest[width:].strip() or rest.strip()
    return Process(int(words[0]), int(words[1]), user, state, time, age, rss, rest[:width].rstrip(), command)


def _seconds(text: str) -> int | None:
    if match := _TIME.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if short := _SHORT_TIME.fullmatch(text):  # BusyBox: 3d04, 1h02
        large, small = (86_400, 3_600) if short[2] == "d" else (3_600, 60)
        return int(short[1]) * large + int(short[3]) * small
    return None


def others(processes: Sequence[Process]) -> list[Process]:
    """Without our own: ps itself, what started it (a shell may carry the text of every check), and the commands beside it."""
    by_pid = {process.pid: process for process in processes}
    ours: set[int] = set()
    for process in processes:
        if process.name != "ps" or not (_COLUMNS in process.command or _FEWER in process.command):
            continue
        top = process
        while (above := by_pid.get(top.parent)) is not None and _COLUMNS in above.command:
            top = above
            ours.add(top.pid)
        ours |= {process.pid, top.parent}
    parents = ours - {1}  # everything left alone becomes a child of process 1, which may be us in a container
    return [process for process in processes if process.pid not in ours and process.parent not in parents]
