"""How hosts stood when they were last checked, in one question to the database."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from temanashi.changes import Verdict
from temanashi.monitoring.tables import STATES

__all__ = ["HostStanding", "standings"]


class HostStanding(NamedTuple):
    """The worst verdict among a host's checks, and how many checks it has."""

    verdict: Verdict
    checks: int


def standings(connection: Connection) -> dict[str, HostStanding]:
    """How each host stands that was ever checked; hosts without checks are not in it."""
    query = select(STATES.c.target, STATES.c.verdict, func.count()).group_by(STATES.c.target, STATES.c.verdict)
    found: dict[str, list[tuple[Verdict, int]]] = defaultdict(list)
    for target, verdict, count in connection.execute(query):
        found[target].append((Verdict(verdict), count))
    return {
        target: HostStanding(Verdict.worst([verdict for verdict, _ in every]), sum(count for _, count in every))
        for target, every in found.items()
    }
