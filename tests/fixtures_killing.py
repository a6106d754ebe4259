"""A process that is killed with -9 just before or just after one of its commits."""

import dataclasses
import os
import signal
from contextlib import contextmanager
from multiprocessing import get_context


class Deadly:
    """A database that kills the process just before or just after the commit of its n-th write transaction."""

    def __init__(self, database, *, at=0, when=""):
        self._database, self._at, self._when, self.count = database, at, when, 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    @contextmanager
    def transaction(self):
        self.count += 1
        here = self.count == self._at
        with self._database.transaction() as connection:
            yield connection
            if here and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if here and self._when == "after":
            os.kill(os.getpid(), signal.SIGKILL)


def deadly(engine, *, at, when):
    """The engine with a database that kills."""
    return dataclasses.replace(engine, database=Deadly(engine.database, at=at, when=when))


def in_another_process(work, *arguments):
    """The exit code of a forked process that does the work; -9 when it was killed."""
    process = get_context("fork").Process(target=work, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode
