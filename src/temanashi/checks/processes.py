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
_COMM = ("COMMAND", "COMM", "CMD")
_TIME = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)")
_SHORT_TIME = re.compile(r"(\d+)([dh])(\d+)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([mgt]?)")
# BusyBox leaves a gap within a state: `S N`, `S <`.
_SPLIT_STATE = re.compile(r"^(\s*\d+\s+\d+\s+\S+\s+[A-Z]) ([<N]) ")
_FACTOR = {"": 1, "m": 1024, "g": 1024**2, "t": 1024**3}


class Process(NamedTuple):
    """One row of ps: CPU time and age in seconds, resident memory in KiB; None where this ps does not tell."""

    pid: int
    parent: int
    user: str
    state: str
    time: int | None
    age: int | None
    rss: int | None
    name: str
    command: str

    @property
    def cpu(self) -> float | None:
        """Percent of one processor over its life."""
        return None if self.time is None or not self.age else 100 * self.time / self.age


def parse_ps(text: str) -> list[Process] | None:
    """The rows of `ps`; None when the header is missing. Names may hold spaces: the column before the last has a width."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        words = line.split()
        if words[:2] == ["PID", "PPID"] and len(words) > 4 and words[-1] in (*_COMM, "ARGS") and words[-2] in _COMM:  # noqa: PLR2004  (pid, ppid, one more, comm, args)
            names = [_NAMES.get(word, word) for word in words[:-2]]
            width = line.rindex(words[-1]) - line.rindex(words[-2], 0, line.rindex(words[-1]))
            rows = (_row(row, names, width) for row in lines[start + 1 :])
            return [row for row in rows if row is not None]
    return None


def _row(line: str, names: Sequence[str], width: int) -> Process | None:
    words = _SPLIT_STATE.sub(r"\1\2 ", line).split(None, len(names))
    if len(words) <= len(names) or not (words[0].isdigit() and words[1].isdigit()):
        return None
    fields: Mapping[str, str] = dict(zip(names, words, strict=False))
    rest = words[-1]
    name, command = rest[:width].rstrip(), rest[width:].strip() or rest.strip()
    return Process(
        pid=int(fields["pid"]),
        parent=int(fields["parent"]),
        user=fields.get("user", ""),
        state=fields.get("state", ""),
        time=_seconds(fields.get("time", "")),
        age=_seconds(fields.get("age", "")),
        rss=_kibibytes(fields.get("rss", "")),
        name=name,
        command=command,
    )


def _seconds(text: str) -> int | None:
    if match := _TIME.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if short := _SHORT_TIME.fullmatch(text):  # BusyBox: 3d04, 1h02
        large, small = (86_400, 3_600) if short[2] == "d" else (3_600, 60)
        return int(short[1]) * large + int(short[3]) * small
    return None


def _kibibytes(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    return round(float(match[1]) * _FACTOR[match[2]]) if match else None


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
