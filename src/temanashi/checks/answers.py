"""Common answers of commands that could not do their work, as reasons why nothing was measured."""

from __future__ import annotations

from temanashi.checks.model import Observation
from temanashi.errors import TemanashiError
from temanashi.hosts.transport import Result
from temanashi.text.local import Phrase, phrase

__all__ = ["excerpt", "reason_of", "trouble", "unreadable"]

EXCERPT = 200


def excerpt(text: str) -> str:
    """The first line that says something, at most 200 characters."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:EXCERPT]


def reason_of(error: TemanashiError) -> Phrase:
    """An error as the reason of a result, rendered when its reader is known."""
    return phrase(error.key, **error.data) if error.key else phrase("common.unexpected", name=type(error).__name__)


def trouble(program: str, result: Result) -> Observation | None:
    """Why the answer of a program cannot be used: missing, killed, failed, or cut off. None when it can be read."""
    if result.exit in {Result.NOT_FOUND, Result.NOT_EXECUTABLE}:
        return Observation(problem=phrase("checks.program-missing", program=program), absent=True)
    if result.exit is None:
        return Observation(problem=phrase("checks.killed", program=program, signal=result.signal))
    if result.exit != 0:
        detail = excerpt(result.error_text) or excerpt(result.text)
        return Observation(problem=phrase("checks.command-failed", program=program, exit=result.exit, detail=detail))
    if result.truncated:
        return Observation(problem=phrase("checks.output-cut", program=program))
    return None


def unreadable(program: str, text: str) -> Observation:
    """The output is not what this program prints."""
    return Observation(problem=phrase("checks.unreadable", program=program, excerpt=excerpt(text)))
