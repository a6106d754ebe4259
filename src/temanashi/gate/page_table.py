"""Our own pages, by method and path, and who may ask for them; each page then shows what its reader may see."""

from __future__ import annotations

import re
from functools import cache

from temanashi.gate.rules import ALL, CANCEL, DECIDE, START, Rule
from temanashi.signin.rights import Right

__all__ = ["PAGES", "UNFINISHED", "page_rule"]

READ: frozenset[Right] = frozenset({"see-own", "see-all", "work"})
ASK: frozenset[Right] = frozenset({"ask"})
EVERYTHING: frozenset[Right] = frozenset({"see-all"})
AUDIT: frozenset[Right] = frozenset({"audit"})
ADMIN: frozenset[Right] = frozenset({"manage"})
STEER: frozenset[Right] = frozenset({"steer"})
CLOSE: frozenset[Right] = frozenset({"close"})
REVIEW: frozenset[Right] = frozenset({"audit", "close"})
RECORD: frozenset[Right] = frozenset({"record"})
TELL: frozenset[Right] = frozenset({"tell"})

UNFINISHED = frozenset({"/password", "/sign-out"})
"""What somebody may ask for whose password works only once, besides what everybody may."""


def _open(method: str, path: str) -> Rule:
    return Rule(method, path, ALL, public=True)


PAGES: tuple[Rule, ...] = (
    _open("GET", "/sign-in"),
    _open("POST", "/sign-in"),
    _open("GET", "/sign-in/oidc"),
    _open("GET", "/sign-in/oidc/back"),
    _open("GET", "/healthz"),
    _open("GET", "/style.css"),
    _open("GET", "/checklist.js"),
    _open("GET", "/faq.js"),
    _open("GET", "/checks.css"),
    # Heartbeats: the address itself is the secret.
    _open("GET", "/ping/{}"),
    _open("POST", "/ping/{}"),
    _open("GET", "/ping/{}/{}"),
    _open("POST", "/ping/{}/{}"),
    Rule("GET", "/password", ALL),
    Rule("POST", "/password", ALL),
    Rule("POST", "/sign-out", ALL),
    Rule("GET", "/me", ALL),
    Rule("POST", "/me", ALL),
    Rule("GET", "/users", ADMIN),
    Rule("POST", "/users", ADMIN),
    Rule("GET", "/users/{}", ADMIN),
    Rule("POST", "/users/{}", ADMIN),
    Rule("GET", "/", READ),
    Rule("GET", "/runs/{}", READ),
    Rule("POST", "/runs/{}", DECIDE),
    Rule("POST", "/runs/{}/approval", DECIDE),
    Rule("GET", "/decide/{}", DECIDE),
    Rule("POST", "/decide/{}", DECIDE),
    Rule("POST", "/runs/{}/checklist", DECIDE),
    Rule("POST", "/runs/{}/cancel", CANCEL),
    Rule("GET", "/approvals", READ),
    Rule("GET", "/requests", READ),
    Rule("GET", "/runbooks", READ),
    Rule("GET", "/runbooks/{}", READ),
    Rule("GET", "/runbooks/{}/run", START),
    Rule("POST", "/runbooks/{}/run", START),
    Rule("GET", "/runbooks/{}/started/{}", START),
    Rule("GET", "/checks", EVERYTHING),
    Rule("GET", "/checks/{}", EVERYTHING),
    Rule("POST", "/checks/{}", STEER),
    Rule("GET", "/checks/{}.xlsx", EVERYTHING),
    Rule("GET", "/hosts", EVERYTHING),
    Rule("GET", "/problems", EVERYTHING),
    Rule("POST", "/problems", STEER),
    Rule("GET", "/problems/{}/remedy", EVERYTHING),
    Rule("GET", "/metrics", EVERYTHING),
    Rule("GET", "/audit", AUDIT),
    Rule("GET", "/audit/runs/{}", AUDIT),
    Rule("GET", "/audit/records/{}", AUDIT),
    Rule("GET", "/audit/records/{}/evidence/{}", AUDIT),
    Rule("POST", "/audit/export", AUDIT),
    Rule("GET", "/audit/sample", AUDIT),
    Rule("POST", "/audit/sample", AUDIT),
    Rule("GET", "/audit/samples/{}", AUDIT),
    Rule("GET", "/reviews", REVIEW),
    Rule("GET", "/reviews/{}", REVIEW),
    Rule("POST", "/reviews", CLOSE),
    Rule("POST", "/reviews/{}", CLOSE),
    Rule("POST", "/reviews/{}/sheet", CLOSE),
    Rule("POST", "/reviews/{}/file", REVIEW),
    Rule("GET", "/accounts", EVERYTHING),
    Rule("POST", "/accounts", STEER),
    Rule("GET", "/report", EVERYTHING),
    Rule("GET", "/report/records", EVERYTHING),
    Rule("GET", "/month", EVERYTHING),
    Rule("POST", "/month", CLOSE),
    Rule("GET", "/month/files/{}", EVERYTHING),
    Rule("GET", "/roadmap", EVERYTHING),
    Rule("GET", "/census", EVERYTHING),
    Rule("GET", "/census.xlsx", EVERYTHING),
    Rule("POST", "/census", STEER),
    Rule("GET", "/investment", EVERYTHING),
    Rule("POST", "/investment", STEER),
    Rule("GET", "/schedule", EVERYTHING),
    # The page shows names, which a ticket system's token need not see.
    Rule("GET", "/tally", STEER),
    Rule("POST", "/tally", STEER),
    Rule("POST", "/api/demand", RECORD),
    Rule("POST", "/api/alerts", TELL),
    Rule("POST", "/api/incidents", TELL),
    Rule("GET", "/incidents", EVERYTHING),
    Rule("POST", "/incidents", STEER),
    Rule("GET", "/schedule.xlsx", EVERYTHING),
    # Each page shows only the entries and questions that are its reader's; a worker asks nothing.
    Rule("GET", "/faq", ASK),
    Rule("POST", "/faq", ASK),
    Rule("GET", "/faq/suggest", ASK),
    Rule("GET", "/faq/inquiries/{}", ASK),
    Rule("POST", "/faq/inquiries/{}", ASK),
    Rule("GET", "/faq/entries", ASK),
    Rule("GET", "/faq/entries/{}", ASK),
    Rule("GET", "/faq/entries/{}/images/{}", ASK),
    Rule("GET", "/faq/entries/{}/edit", ASK),
    Rule("POST", "/faq/entries/{}/edit", ASK),
    Rule("GET", "/faq/new", ASK),
    Rule("POST", "/faq/new", ASK),
    Rule("GET", "/faq/figures", EVERYTHING),
    Rule("POST", "/api/ask", ASK),
    Rule("POST", "/api/ask/suggest", ASK),
    Rule("POST", "/api/ask/vote", ASK),
    Rule("POST", "/api/ask/hand-over", ASK),
    Rule("POST", "/api/ask/state", ASK),
)


@cache
def _patterns() -> list[tuple[Rule, re.Pattern[str]]]:
    # Words go before placeholders: `/checks.css` is no day's sheet.
    ordered = sorted(PAGES, key=lambda rule: (rule.path.count("{}"), -len(rule.path)))
    return [(rule, re.compile(re.escape(rule.path).replace(r"\{\}", "[^/]+"))) for rule in ordered]


def page_rule(method: str, path: str) -> Rule | None:
    """The rule of one of our pages; `path` is without `/tema`. Reading the head of a page is reading it. None: refused."""
    verb = "GET" if method == "HEAD" else method
    return next((rule for rule, pattern in _patterns() if rule.method == verb and pattern.fullmatch(path)), None)
