"""What a rule of the gate says: one route, who may use it as it is, and who in a narrowed way."""

from __future__ import annotations

from typing import Literal, NamedTuple

from temanashi.signin.rights import EVERY_RIGHT, Right

__all__ = ["ALL", "CANCEL", "DECIDE", "MANAGE", "NOBODY", "OWN", "SEE", "START", "STEER", "WORK", "Rule", "Treatment"]

Treatment = Literal[
    "",
    "named",
    "named-one",
    "runs",
    "run",
    "run-child",
    "run-query",
    "run-ids",
    "logs",
    "nothing",
    "looks",
    "start",
    "state",
    "resume",
]
"""How a request is narrowed for somebody who has none of the rule's `rights`, or, for the last three, for everybody.

`nothing` answers with an empty list: Prefect's interface asks beside a page of one's own, and breaks where it is refused.
`looks` tells of all settings only how it is to look: without them it shows advertisements over its buttons.
"""


class Rule(NamedTuple):
    """One route: who may use it as it is, and who in a narrowed way. No rights at all: nobody, and nothing does."""

    method: str
    path: str
    rights: frozenset[Right]
    narrowed: frozenset[Right] = frozenset()
    treatment: Treatment = ""
    public: bool = False


ALL: frozenset[Right] = frozenset(EVERY_RIGHT)
SEE: frozenset[Right] = frozenset({"see-all", "work"})
OWN: frozenset[Right] = frozenset({"see-own"})
WORK: frozenset[Right] = frozenset({"work"})
MANAGE: frozenset[Right] = frozenset({"manage", "work"})
STEER: frozenset[Right] = frozenset({"steer", "manage", "work"})
NOBODY: frozenset[Right] = frozenset()
START: frozenset[Right] = frozenset({"start", "start-named"})
CANCEL: frozenset[Right] = frozenset({"steer", "manage", "cancel-own"})
DECIDE: frozenset[Right] = frozenset({"decide"})
