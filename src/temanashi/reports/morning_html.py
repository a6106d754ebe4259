"""The morning sheet as HTML: the body that our page shows too, and one self-contained file, both ready for A4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from temanashi.reports.display import Display
from temanashi.reports.morning import MorningSheet
from temanashi.reports.morning_words import BAD, ORDER, RANK, SheetWords
from temanashi.runs.check_rows import CheckKey, CheckSeen
from temanashi.text.catalogue import say
from temanashi.text.local import Lang, LocalText

__all__ = ["Fix", "Overtaken", "SheetFrame", "Stamp", "morning_css", "render_body", "render_file"]

RUNS_SHOWN = 40


class _Room(NamedTuple):
    """Lines, and rows behind each line: a page stays small; the file has more, and the Excel sheet everything."""

    lines: int
    details: int


PAGE, FILE = _Room(60, 25), _Room(400, 400)
NAMED = 4


class Stamp(NamedTuple):
    """One box for a seal: 担当, 確認者; who and when, empty where nobody did."""

    title: str
    name: str = ""
    when: str = ""


class Fix(NamedTuple):
    """The runbook against a finding: its title, the address of its form, and whether a run of it is asked for by itself."""

    title: str
    href: str = ""
    asked: bool = False


class Overtaken(NamedTuple):
    """What changed since somebody confirmed."""

    lines: tuple[str, ...]

    @classmethod
    def of(cls, differences: Sequence[tuple[CheckKey, str, str]], word: SheetWords) -> Overtaken:
        """From checks with their words then and now (empty: well); what went the same way is one line."""
        ways: dict[tuple[str, str], list[CheckKey]] = {}
        for key, then, now in differences:
            ways.setdefault((then or "OK", now or "OK"), []).append(key)
        told = [
            word.t(
                "difference",
                then=word.word(then),
                now=word.word(now),
                count=len(keys),
                names=word.named(list(dict.fromkeys(f"{key.target} {key.check}" for key in keys)), NAMED, "more-names"),
            )
            for (then, now), keys in sorted(ways.items(), key=lambda way: RANK.get(way[0][1], 0))
        ]
        return cls(tuple(told))


@dataclass(frozen=True, kw_only=True)
class SheetFrame:
    """What surrounds a sheet: when it was made, the boxes for seals, what changed since they were set, and where links lead."""

    made_at: datetime
    stamps: tuple[Stamp, ...] = ()
    overtaken: Overtaken | None = None
    notes: tuple[str, ...] = ()
    run_link: Callable[[str], str] = lambda _: ""
    remedy: Callable[[CheckSeen], Fix | None] = lambda _: None


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("temanashi.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def morning_css() -> str:
    """The styles of the body, beside those that every page has."""
    return (files("temanashi.reports") / "templates" / "morning.css").read_text(encoding="utf-8")


def render_body(sheet: MorningSheet, show: Display, frame: SheetFrame) -> Markup:
    """The sheet for a page that has its own frame."""
    text = _environment().get_template("morning_body.html.j2").render(_data(sheet, show, frame, PAGE))
    return Markup(text)  # noqa: S704  (rendered with autoescape)


def render_file(sheet: MorningSheet, show: Display, frame: SheetFrame, *, company: str = "") -> str:
    """One file that opens anywhere; equal sheets made at the same time give equal bytes."""
    data: Mapping[str, Any] = _data(sheet, show, frame, FILE)
    return _environment().get_template("morning.html.j2").render(data, company=company, notes=frame.notes)


def _data(sheet: MorningSheet, show: Display, frame: SheetFrame, room: _Room) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "lang": show.lang,
        "show": show,
        "word": SheetWords(sheet, show),
        "t": partial(_text, show.lang),
        "names": partial(_names, show.lang),
        "clock": lambda moment: f"{moment.astimezone(show.zone):%H:%M}",
        "bad": BAD,
        "columns": [word for word in ORDER if sheet.counts[word]],
        "shown": sheet.lines[: room.lines],
        "more_lines": max(len(sheet.lines) - room.lines, 0),
        "runs": sheet.material.runs[-RUNS_SHOWN:],
        "more_runs": max(len(sheet.material.runs) - RUNS_SHOWN, 0),
        "details": room.details,
        **{name: getattr(frame, name) for name in ("made_at", "stamps", "overtaken", "run_link", "remedy")},
    }


def _text(lang: Lang, key: str, **data: Any) -> str:
    return say(key, lang, **data)


def _names(lang: Lang, texts: Iterable[LocalText]) -> list[str]:
    return [text.text(lang) for text in texts]
