"""Run by tests as programs of their own: several writers at once, and writers that are killed in mid-sentence."""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time

from temanashi.clock import SystemClock
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft


def append(ledger: Ledger, number: int) -> int:
    with ledger.database.transaction() as connection:
        return ledger.append(
            connection, Draft(kind="noted", actor=f"writer {os.getpid()}", body={"number": number, "pad": "x" * 2000})
        ).seq


def write(url: str, count: int) -> None:
    """Append and say the number of each acknowledged record."""
    ledger = Ledger(open_database(url, clock=SystemClock()), clock=SystemClock())
    for number in range(count):
        sys.stdout.write(f"{append(ledger, number)}\n")
        sys.stdout.flush()


def killed(url: str, times: int) -> None:
    """Fork writers and kill each with SIGKILL at a random moment; say what they had acknowledged."""
    moments = random.Random(7)
    for _ in range(times):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            ledger = Ledger(open_database(url, clock=SystemClock()), clock=SystemClock())
            for number in range(100_000):
                os.write(writer, b"%d\n" % append(ledger, number))
            os._exit(0)
        os.close(writer)
        select.select([reader], [], [], 30)  # on a busy machine the first record may take its time
        time.sleep(moments.uniform(0.0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader) as lines:
            sys.stdout.write(lines.read())
            sys.stdout.flush()


def forked(url: str, count: int) -> None:
    """One open database, used by a parent and three children of a fork."""
    database = open_database(url, clock=SystemClock())
    ledger = Ledger(database, clock=SystemClock())
    append(ledger, -1)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            for number in range(count):
                append(ledger, number)
            os._exit(0)
        children.append(child)
    for number in range(count):
        append(ledger, number)
    codes = [os.waitpid(child, 0)[1] for child in children]
    append(ledger, -2)
    database.close()
    sys.stdout.write(f"{codes}\n")


if __name__ == "__main__":
    {"write": write, "killed": killed, "forked": forked}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
