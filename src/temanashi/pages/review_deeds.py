"""What the forms of `/tema/reviews/ID` do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date

from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.faults import BadSheetDay
from temanashi.errors import InputError
from temanashi.pages.site import Site
from temanashi.people import Actor
from temanashi.workspace.reviewing.carrying_out import carry_out
from temanashi.workspace.reviewing.deciding import Wanted, decide_many, keep_plain_lines

__all__ = ["PAGE", "Trouble", "do_on_review"]

PAGE = 25
"""Lines on a page: what its form posts stays small."""

LINE = "line-"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong: of the whole form, of a field, or by line."""

    what: str
    next: str = ""
    field: str = ""
    lines: Mapping[str, str] = dataclasses.field(default_factory=dict)


def do_on_review(site: Site, review: str, typed: Mapping[str, str], actor: Actor) -> tuple[str, int] | dict[str, InputError]:
    """What was done and to how many lines, or what is wrong by line: then nothing was done. Raises InputError and RunError."""
    verb = typed.get("verb", "")
    if verb == "keep-plain":
        return "kept", keep_plain_lines(site.installation, review, actor=actor, channel="page").decided
    if verb == "close":
        done = carry_out(site.installation, review, actor=actor, channel="page")
        return ("closed", len(done.done)) if done.closed else ("left", len(done.left))
    return _decided(site, review, typed, actor)


def _decided(site: Site, review: str, typed: Mapping[str, str], actor: Actor) -> tuple[str, int] | dict[str, InputError]:
    wanted, wrong = [], dict[str, InputError]()
    with site.installation.database.transaction() as connection:
        for name in typed:
            if not name.startswith(LINE) or not typed[name]:
                continue
            line = name.removeprefix(LINE)
            try:
                one = Wanted(line, _asked(line, typed), typed.get(f"digest-{line}", "-"))
                decide_many(site.installation, connection, review, [one], actor=actor, channel="page", check_only=True)
            except InputError as error:
                wrong[line] = error
            else:
                wanted.append(one)
        if wrong:
            return wrong
        if wanted:
            decide_many(site.installation, connection, review, wanted, actor=actor, channel="page")
    return "decided", len(wanted)


def _asked(line: str, typed: Mapping[str, str]) -> Asked:
    verdict, until = typed[f"{LINE}{line}"], typed.get(f"until-{line}", "").strip()
    groups = tuple(filter(None, (one.strip() for one in typed.get(f"groups-{line}", "").replace("、", ",").split(","))))
    return Asked(
        verdict=verdict,
        reason=typed.get(f"reason-{line}", ""),
        groups=groups if verdict == "change" else (),
        until=_day(until) if verdict == "exception" and until else None,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadSheetDay(text) from None
