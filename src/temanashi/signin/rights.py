"""What each role may do. Roles add up; what no role of somebody allows is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

from temanashi.people import Role

__all__ = ["EVERY_RIGHT", "NOBODYS", "RIGHTS", "SCOPES", "Right", "Scope", "rights_of", "scoped"]

Right = Literal[
    "see-own",  # runs that one asked for, that are for one, or that wait for one's word
    "see-all",  # every run, runbook and page; no secrets
    "audit",  # the whole record: sign-ins and refusals too
    "start-named",  # runbooks whose `allow:` names one
    "start",  # these, and those that name nobody
    "cancel-own",
    "steer",  # cancel and retry anybody's runs
    "decide",  # approvals and checklists, where the runbook's own rules allow it
    "ask",  # questions to the FAQ, and the answers to them that are asked of one
    "record",  # occasions of work on request: what the books count as demand
    "tell",  # what other systems tell of alerts and incidents
    "close",  # months: prepare, approve, refuse and correct them; two people each
    "manage",  # users, tokens, and Prefect's own settings, blocks and variables
    "work",  # what a worker does: carry out runs and keep Prefect in step
]
EVERY_RIGHT: tuple[Right, ...] = get_args(Right)

_STAFF: frozenset[Right] = frozenset({"see-own", "start-named", "cancel-own", "decide", "ask"})
_SEE: frozenset[Right] = frozenset({"see-own", "see-all"})
_READ: frozenset[Right] = _SEE | {"ask"}
_START: frozenset[Right] = frozenset({"start-named", "start", "cancel-own"})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    "viewer": _READ,
    "staff": _STAFF,
    "operator": _READ | _START | {"steer", "decide", "record", "tell", "close"},
    "approver": _READ | {"decide", "close"},
    "publisher": _READ,
    "emergency": _READ | _START | {"decide"},
    "manager": _READ | {"audit", "close"},
    "auditor": _READ | {"audit"},
    "admin": frozenset(EVERY_RIGHT) - {"work"},
}

Scope = Literal["read", "run", "approve", "ask", "demand", "alerts", "worker"]
SCOPES: Mapping[Scope, frozenset[Right]] = {
    "read": _SEE | {"audit"},
    "run": _SEE | _START | {"steer"},
    "approve": _SEE | {"decide"},
    "ask": frozenset({"ask"}),
    "demand": frozenset({"record"}),
    "alerts": frozenset({"tell"}),
    "worker": frozenset({"work", "see-all", "see-own"}),
}
"""What a token may be used for, at most: it never allows more than its person may do."""

NOBODYS: tuple[Scope, ...] = ("ask", "demand", "alerts", "worker")
"""Scopes of tokens that belong to no person: a chat's, a ticket system's, a monitoring system's and a worker's."""


def rights_of(roles: Collection[Role]) -> frozenset[Right]:
    """Everything that some roles allow together."""
    return frozenset().union(*(RIGHTS[role] for role in roles))


def scoped(scopes: Collection[Scope], rights: frozenset[Right] | None) -> frozenset[Right]:
    """What a token of these scopes allows its person; without a person (None), what the scopes say."""
    allowed: frozenset[Right] = frozenset().union(*(SCOPES[scope] for scope in scopes))
    return allowed if rights is None else allowed & rights
