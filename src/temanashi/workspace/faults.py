"""What is wrong in the files of a workspace, as data, and as the lines that `tema validate` prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from temanashi.errors import Location, TemanashiError
from temanashi.text import LANGUAGES, Lang, Phrase, explain, phrase, say

__all__ = ["Fault", "errors_among", "fault_json", "fault_line", "fault_lines", "revived_fault", "unfaulty"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in one file. An `error` disables the file; a `warning` only asks for a look."""

    at: Location
    message: Phrase
    close: str = ""
    level: Literal["error", "warning"] = "error"

    @classmethod
    def of(cls, error: TemanashiError, at: Location) -> Fault:
        """The fault that an error of ours is, at a place in a file."""
        told = {
            lang: " ".join(part for part in (explain(error, lang).what, explain(error, lang).next) if part) for lang in LANGUAGES
        }
        return cls(at, phrase("workspace.error", told=told))


def errors_among(faults: Iterable[Fault]) -> list[Fault]:
    """The faults that disable a file."""
    return [fault for fault in faults if fault.level == "error"]


def unfaulty(files: Iterable[str], faults: Iterable[Fault]) -> frozenset[str]:
    """The files in which there is no fault of any level."""
    return frozenset(files) - {fault.at.file for fault in faults}


def fault_line(fault: Fault, lang: Lang) -> str:
    """One line: place, sentence, and the closest right word."""
    place = f"{fault.at.file}:{fault.at.line}" if fault.at.line else fault.at.file
    sentence = fault.message.text(lang)
    if fault.level == "warning":
        sentence = say("workspace.warning", lang, sentence=sentence)
    if fault.close:
        sentence = say("workspace.close", lang, sentence=sentence, close=fault.close)
    return f"{place}  {sentence}"


def fault_lines(faults: Iterable[Fault], lang: Lang) -> list[str]:
    """Every fault as a line, in the order of files and lines."""
    return [fault_line(fault, lang) for fault in sorted(faults, key=lambda f: (f.at, f.message.key))]


def fault_json(fault: Fault) -> dict[str, Any]:
    """The fault as JSON; `revived_fault` reads it again."""
    return {
        "file": fault.at.file,
        "line": fault.at.line,
        "field": fault.at.field,
        "level": fault.level,
        "message": fault.message.model_dump(),
        "close": fault.close,
        "text": {lang: fault.message.text(lang) for lang in LANGUAGES},
    }


def revived_fault(data: dict[str, Any]) -> Fault:
    """The fault that `fault_json` wrote."""
    at = Location(data["file"], data["line"], data["field"])
    return Fault(at, Phrase.model_validate(data["message"]), data["close"], data["level"])
