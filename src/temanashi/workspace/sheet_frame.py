"""What surrounds a sheet for its readers: boxes for seals, what changed since, notes, and links to what fixes findings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from temanashi.reports.display import Display
from temanashi.reports.morning import MorningSheet
from temanashi.reports.morning_html import Fix, Overtaken, SheetFrame, Stamp
from temanashi.reports.morning_words import SheetWords
from temanashi.runs.check_rows import CheckSeen
from temanashi.workspace.confirming_sheets import Confirmation, Standing
from temanashi.workspace.remedy_links import remedy_link
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["frame_of", "stamps_of"]


def frame_of(
    sheet: MorningSheet,
    standing: Standing,
    show: Display,
    *,
    made_at: datetime,
    published: PublishedWorkspace | None,
    second_person: bool,
    page: Callable[[str], str],
) -> SheetFrame:
    """The frame; `page` gives the address of one of our pages (`runs/ID`)."""
    word = SheetWords(sheet, show)
    overtaken = Overtaken.of(standing.differences, word) if standing.overtaken and not standing.valid else None
    return SheetFrame(
        made_at=made_at,
        stamps=stamps_of(standing, show, word, second_person=second_person),
        overtaken=overtaken,
        notes=tuple(f"{one.name}: {one.note}" for one in (*standing.overtaken, *standing.valid) if one.note),
        run_link=lambda run: page(f"runs/{run}?lang={show.lang}"),
        remedy=lambda row: _fix(row, published, show, page),
    )


def stamps_of(standing: Standing, show: Display, word: SheetWords, *, second_person: bool) -> tuple[Stamp, ...]:
    """One box, or two where another person must confirm."""
    titles = {"checker": word.t("stamp-checker"), "confirmer": word.t("stamp-confirmer")}
    if not second_person:
        titles = {"checker": word.t("stamp-only")}
    return tuple(_stamp(title, next((c for c in standing.valid if c.role == role), None), show) for role, title in titles.items())


def _stamp(title: str, found: Confirmation | None, show: Display) -> Stamp:
    return Stamp(title) if found is None else Stamp(title, found.name, f"{found.at.astimezone(show.zone):%Y-%m-%d %H:%M}")


def _fix(row: CheckSeen, published: PublishedWorkspace | None, show: Display, page: Callable[[str], str]) -> Fix | None:
    if row.remedy is None or published is None:
        return None
    fixes = published.runbooks.get(str(row.remedy.get("id")))
    if fixes is None:
        return None
    return Fix(
        fixes.title.text(show.lang),
        page(remedy_link(row.remedy, row.key.target, row.name, row.why, show.lang)),
        row.remedy.get("start") == "approval",
    )
