"""What the forms of `/tema/month` do, as the person who signed in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from starlette.requests import Request

from temanashi.books.closing_faults import (
    BadSeconds,
    CorrectionWithoutReason,
    NotACorrectableFigure,
    RefusalWithoutReason,
    UnknownTaskOfMonth,
)
from temanashi.calendars import Month
from temanashi.pages.forms import number_in
from temanashi.pages.identity import actor_for
from temanashi.pages.site import Site
from temanashi.people import Actor
from temanashi.workspace.closing_months import (
    approve_month,
    ask_correction,
    decide_on_correction,
    prepare_month,
    refuse_month,
)

__all__ = ["FIELDS", "Deed", "act"]

Deed = Literal["prepared", "approved", "refused", "asked", "corrected", "declined"]
FIELDS: Mapping[type[Exception], str] = {
    RefusalWithoutReason: "note",
    CorrectionWithoutReason: "reason",
    BadSeconds: "minutes",
    NotACorrectableFigure: "figure",
    UnknownTaskOfMonth: "task",
}
"""Beside which field an error is told."""


def act(site: Site, request: Request, month: Month, typed: Mapping[str, str], name: str) -> Deed | None:
    """Do it; None for a form that is none of ours. Raises InputError, RunError and LedgerError."""
    form, verb, actor = typed.get("form", ""), typed.get("verb", ""), actor_for(request, name)
    if form in {"prepare", "decide"}:
        return _on_month(site, month, typed, actor)
    if form == "correct" and verb == "ask":
        ask_correction(
            site.installation,
            month,
            task=typed.get("task", ""),
            part=typed.get("figure", ""),
            seconds=_seconds(typed.get("minutes", "")),
            reason=typed.get("reason", ""),
            actor=actor,
            channel="page",
        )
        return "asked"
    kind, _, numbered = form.partition("-")
    if kind == "correction" and (number := number_in(numbered)) >= 0 and verb in {"approve", "refuse"}:
        approved, note = verb == "approve", typed.get("note", "")
        decide_on_correction(site.installation, number, approved=approved, actor=actor, channel="page", note=note)
        return "corrected" if approved else "declined"
    return None


def _on_month(site: Site, month: Month, typed: Mapping[str, str], actor: Actor) -> Deed | None:
    installation, note = site.installation, typed.get("note", "")
    # Without a digest it would not be known what the approver saw.
    shown = typed.get("digest", "") or "-"
    with installation.database.reading() as connection:
        published = site.published(connection)
    match typed.get("form", ""), typed.get("verb", ""):
        case "prepare", "prepare":
            prepare_month(installation, published, month, actor=actor, channel="page", note=note)
            return "prepared"
        case "decide", "approve":
            approve_month(installation, published, month, actor=actor, channel="page", digest=shown, note=note)
            return "approved"
        case "decide", "refuse":
            refuse_month(installation, month, actor=actor, channel="page", reason=note, digest=shown)
            return "refused"
    return None


def _seconds(typed: str) -> int:
    """Minutes as people type them, in whole seconds; raises BadSeconds."""
    try:
        minutes = float(typed.strip().translate(str.maketrans("０１２３４５６７８９．－−＋", "0123456789.--+")))
    except ValueError:
        raise BadSeconds(typed) from None
    if not math.isfinite(minutes):
        raise BadSeconds(typed)
    return round(minutes * 60)
