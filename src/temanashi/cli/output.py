"""How the terminal is written to: answers on stdout, progress and errors on stderr, colour only where a person looks."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

from temanashi.changes import Verdict
from temanashi.cli.language import language
from temanashi.errors import InputError, TemanashiError
from temanashi.redaction import visible
from temanashi.text import explain, say

__all__ = ["MARKS", "FileTrouble", "answer", "emit", "mark", "progress", "say_here", "state_word", "tell_error", "wants_json"]

MARKS = {
    "OK": ("green", "○"),
    "WARNING": ("yellow", "△"),
    "CRITICAL": ("red", "×"),
    "UNKNOWN": ("magenta", "？"),
    "SKIPPED": ("dim", "－"),
    "PENDING": ("dim", "…"),
}


class FileTrouble(InputError):
    """A file or folder that cannot be read or written."""

    key = "cli.file-trouble"

    def __init__(self, file: str, *, reason: str) -> None:
        super().__init__(file=file, reason=reason)


def say_here(key: str, /, **data: Any) -> str:
    """A text of the catalogue in this terminal's language."""
    return say(key, language(), **data)


def wants_json() -> bool:
    """Whether a program reads us. Asked before options are parsed, so that errors of parsing can answer in kind."""
    words = sys.argv[: sys.argv.index("--")] if "--" in sys.argv else sys.argv  # what follows is another program's
    return "--json" in words


def answer(text: str = "", *, style: str = "") -> None:
    """One line of the answer."""
    _print(sys.stdout, text, style)


def progress(text: str, *, style: str = "") -> None:
    """One line of progress, for people only. That nobody reads it any more is no reason for a run to break off."""
    if not wants_json():
        with suppress(OSError):
            _print(sys.stderr, text, style)


def emit(value: Any) -> None:
    """The answer for a program: one JSON document."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def mark(verdict: Verdict | str) -> str:
    """A shape and the word of a verdict."""
    return f"{MARKS.get(str(verdict), ('', '・'))[1]} {say_here(f'cli.verdict-{str(verdict).lower()}')}"


def state_word(state: str) -> str:
    """The word of a run's state or of an outcome."""
    return say_here(f"cli.state-{state}")


def tell_error(error: TemanashiError) -> None:
    """What is wrong, where, and what to do; as JSON for a program."""
    told = explain(error, language())
    if wants_json():
        emit({"error": error.key or type(error).__name__, "message": told.what, "where": told.where, "next": told.next})
        return
    _print(sys.stderr, f"{say_here('cli.error')} {told.what}", "red")
    if told.where:
        _print(sys.stderr, f"  {say_here('cli.where')} {told.where}", "")
    if told.next:
        _print(sys.stderr, f"  {say_here('cli.next')} {told.next}", "")


def _print(stream: Any, text: str, style: str) -> None:
    text = visible(text)  # what a command printed, or a person typed, must not steer this terminal
    if style and stream.isatty():
        from rich.console import Console

        Console(file=stream, soft_wrap=True, highlight=False, markup=False).print(text, style=style)
    else:
        stream.write(text + "\n")
        stream.flush()
