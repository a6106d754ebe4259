"""What a person typed into the form of a waiting step, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from temanashi.runs.decisions import Verb

__all__ = ["Form", "read_form", "seconds_of"]

NAME_LENGTH, NOTE_LENGTH, MOST_MINUTES = 100, 2000, 1440


@dataclass(frozen=True, kw_only=True)
class Form:
    """As typed, so that nothing is lost; `problems` are text keys by field."""

    step: str = ""
    verdict: Verb | None = None
    name: str = ""
    note: str = ""
    minutes: str = ""
    human_seconds: int | None = None
    problems: dict[str, str] = field(default_factory=dict)


def read_form(typed: Mapping[str, str]) -> Form:
    """The form, with every problem at once."""
    name, note, minutes = (" ".join(typed.get("name", "").split()), typed.get("note", "").strip(), typed.get("minutes", "").strip())
    said = typed.get("verdict", "")
    verdict: Verb | None = "done" if said == "done" else "refused" if said == "refused" else None
    problems = {}
    if verdict is None:
        problems["verdict"] = "pages.form-verdict-missing"
    if not name:
        problems["name"] = "pages.form-name-missing"
    elif len(name) > NAME_LENGTH:
        problems["name"] = "pages.form-name-long"
    if len(note) > NOTE_LENGTH:
        problems["note"] = "pages.form-note-long"
    elif verdict == "refused" and not note:
        problems["note"] = "pages.form-note-missing"
    seconds = seconds_of(minutes)
    if minutes and seconds is None:
        problems["minutes"] = "pages.form-minutes-wrong"
    return Form(
        step=typed.get("step", ""), verdict=verdict, name=name, note=note, minutes=minutes, human_seconds=seconds, problems=problems
    )


def seconds_of(minutes: str) -> int | None:
    """Seconds of minutes such as 5, 2.5 or the full-width ５; None for none, and for what is no time of one day."""
    try:
        value = float(minutes)
    except ValueError:
        return None
    return round(value * 60) if math.isfinite(value) and 0 <= value <= MOST_MINUTES else None
