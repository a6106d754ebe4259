"""One of the processes that share a sweep: what it is asked, and how it works."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, NamedTuple

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Answer, Result

__all__ = ["Job", "Stop", "main", "write"]

THREADS = 128


class Job(NamedTuple):
    """Commands of one host; `bounded`: within the time of a whole sweep. `secrets`: the values of the references it needs."""

    number: int
    host: Host
    commands: tuple[Command, ...]
    seconds: tuple[float, ...]
    bounded: bool
    secrets: dict[str, str]


class Stop(NamedTuple):
    """The job of that number is to end now."""

    number: int


def write(pipe: IO[bytes], value: object) -> None:
    """Send a value, whole."""
    pipe.write(pickle.dumps(value))
    pipe.flush()


def main() -> None:
    """The process itself: jobs from standard input, answers to standard output, until the input ends. Then what runs is killed."""
    from temanashi.hosts.ssh.pool import Pool  # noqa: PLC0415  (the parent needs neither)
    from temanashi.hosts.ssh.reaching import Reach  # noqa: PLC0415

    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may print between the answers
    settings, root = pickle.load(jobs)  # noqa: S301  (from the parent)
    known: dict[str, str] = {}
    pool = Pool(idle_seconds=settings.idle_seconds)
    reach = Reach(settings, root=root, pool=pool, secret=known.__getitem__)
    stops: dict[int, threading.Event] = {}
    writing = threading.Lock()

    def work(job: Job) -> None:
        transport = reach.transport(job.host, stops[job.number])
        found: list[Answer] = []  # no answer at all: the parent says that they are not known
        with suppress(Exception):
            found = transport.run_all(job.commands, timeout=job.seconds) if job.bounded else _one(transport.run, job)
        del stops[job.number]
        with writing, suppress(OSError):
            write(answers, (job.number, found))

    with ThreadPoolExecutor(THREADS) as threads:
        with suppress(EOFError, OSError, KeyboardInterrupt):
            while True:
                asked = pickle.load(jobs)  # noqa: S301  (from the parent)
                if isinstance(asked, Stop):
                    if asked.number in stops:
                        stops[asked.number].set()
                    continue
                known.update(asked.secrets)
                stops[asked.number] = threading.Event()
                threads.submit(work, asked)
        for stop in list(stops.values()):
            stop.set()
    pool.close()


def _one(run: Callable[..., Result], job: Job) -> list[Answer]:
    try:
        return [run(job.commands[0], timeout=job.seconds[0])]
    except TargetError as error:
        return [error]
