"""Our own pages, by method and path, and who may ask for them; each page then shows what its reader may see."""

from __future__ import annotations

from functools import cache

from temanashi.gate.table import ALL, DECIDE, NOBODY, START, Rule
from temanashi.signin.rights import Right

__all__ = ["PAGES", "UNFINISHED", "page_rule"]

READ: frozenset[Right] = frozenset({"see-own", "see-all", "work"})
EVERYTHING: frozenset[Right] = frozenset({"see-all"})

UNFINISHED = frozenset({"/password", "/sign-out"})
"""What somebody may ask for whose password works only once, besides what everybody may."""


def _open(method: str, path: str) -> Rule:
    return Rule(method, path, ALL, public=True)


PAGES: tuple[Rule, ...] = (
    _open("GET", "/sign-in"),
    _open("POST", "/sign-in"),
    _open("GET", "/healthz"),
    _open("GET", "/style.css"),
    _open("GET", "/checklist.js"),
    Rule("GET", "/password", ALL),
    Rule("POST", "/password", ALL),
    Rule("POST", "/sign-out", ALL),
    Rule("GET", "/me", ALL),
    Rule("GET", "/", READ),
    Rule("GET", "/runs/{}", READ),
    Rule("POST", "/runs/{}", DECIDE),
    Rule("POST", "/runs/{}/approval", DECIDE),
    Rule("POST", "/runs/{}/checklist", DECIDE),
    Rule("GET", "/runbooks", READ),
    Rule("GET", "/runbooks/{}", READ),
    Rule("GET", "/runbooks/{}/run", START),
    Rule("POST", "/runbooks/{}/run", START),
    Rule("GET", "/runbooks/{}/started/{}", START),
    Rule("GET", "/report", EVERYTHING),
    Rule("GET", "/schedule", EVERYTHING),
    Rule("GET", "/schedule.xlsx", EVERYTHING),
)


@cache
def _by_shape() -> dict[tuple[str, int], list[Rule]]:
    found: dict[tuple[str, int], list[Rule]] = {}
    for rule in PAGES:
        found.setdefault((rule.method, rule.path.count("/")), []).append(rule)
    for rules in found.values():
        rules.sort(key=lambda rule: rule.path.count("{}"))
    return found


def page_rule(method: str, path: str) -> Rule | None:
    """The rule of one of our pages; `path` is without `/tema`. Reading the head of a page is reading it. None: refused."""
    parts = path.split("/")
    for rule in _by_shape().get(("GET" if method == "HEAD" else method, len(parts) - 1), ()):
        if all(want in {"{}", part} for want, part in zip(rule.path.split("/"), parts, strict=True)) and rule.rights != NOBODY:
            return rule
    return None
