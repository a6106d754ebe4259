"""What somebody said in Prefect's Resume dialog, as the gate reads it: in whatever language the form was shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from temanashi.errors import InputError
from temanashi.runs.decisions import Verb
from temanashi.text import LANGUAGES, say

__all__ = ["NotAnAnswer", "Said", "said_in_form"]

ANSWERS: dict[str, Verb] = {
    "orchestration.answer-approved": "approved",
    "orchestration.answer-refuse": "refused",
    "orchestration.answer-done": "done",
    "orchestration.answer-refused": "refused",
}
NOTE_LENGTH, MOST_MINUTES = 2000, 1440


class NotAnAnswer(InputError):
    """What came is not what the form asks for."""

    key = "orchestration.not-an-answer"


class Said(NamedTuple):
    """An answer; `human_seconds` None where it was left to the runbook's estimate."""

    verdict: Verb
    note: str
    human_seconds: int | None


def said_in_form(given: Mapping[str, Any]) -> Said:
    """The answer; raises NotAnAnswer. A name that came with it means nothing: who answers is who signed in."""
    answer, note, minutes = given.get("answer"), given.get("note", ""), given.get("minutes", 0)
    if not isinstance(answer, str) or not isinstance(note, str) or len(note) > NOTE_LENGTH:
        raise NotAnAnswer
    words = set(answer.split(" / "))
    found = {verdict for key, verdict in ANSWERS.items() if any(say(key, lang) in words for lang in LANGUAGES)}
    number = isinstance(minutes, (int, float)) and not isinstance(minutes, bool)
    if len(found) != 1 or not number or not math.isfinite(minutes) or not 0 <= minutes <= MOST_MINUTES:
        raise NotAnAnswer
    return Said(found.pop(), note.strip(), round(minutes * 60) or None)
