"""The sentence that a plan shows for a change: what a person would say, the title of the step first where it has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temanashi.changes import NO_TARGET
from temanashi.hosts.command import Command
from temanashi.redaction import one_line
from temanashi.runbooks.model import StepItem
from temanashi.text.local import Phrase, phrase

__all__ = ["command_summary", "reason_line", "shown", "titled", "undo_summary"]

SHOWN = 200
LINE = 300
"""Characters of one line."""

SERVICE_VERBS = frozenset({"start", "stop", "restart", "reload", "enable", "disable"})


def shown(text: str, *, limit: int = LINE) -> str:
    """The text as one line that cannot steer a terminal or forge another line, at most `limit` characters."""
    line = one_line(text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def reason_line(text: str) -> str:
    """A message of a program as one line of a sentence."""
    return shown(text.strip())


def titled(item: StepItem, what: str, *, host: str, reads: bool, otherwise: Phrase) -> Phrase:
    """`TITLE on HOST (WHAT)` for a step with a title, else the kind's own sentence. What only reads says so."""
    if item.title is None:
        return otherwise
    data: dict[str, Any] = {"title": item.title, "what": shown(what, limit=SHOWN)}
    if host == NO_TARGET:
        return phrase("steps.titled-reads" if reads else "steps.titled", **data)
    return phrase("steps.titled-host-reads" if reads else "steps.titled-host", host=host, **data)


def command_summary(item: StepItem, argv: Sequence[str], *, host: str, reads: bool) -> Phrase:
    """The sentence of a command: services by name, anything else as it would be typed. Raises BadCommand."""
    typed = shown(Command(*argv).shell(), limit=SHOWN)
    if reads:
        plain = phrase("steps.command-reads", host=host, command=typed)
    else:
        plain = _service(argv, host) or phrase("runbooks.command-summary", host=host, command=typed)
    return titled(item, typed, host=host, reads=reads, otherwise=plain)


def undo_summary(item: StepItem, what: str, *, host: str) -> Phrase:
    """The sentence of a change that takes a step back."""
    return phrase("steps.undo", title=item.title or item.id, host="" if host == NO_TARGET else host, what=shown(what, limit=SHOWN))


def _service(argv: Sequence[str], host: str) -> Phrase | None:
    words = list(argv[1:] if argv[0] == "sudo" else argv)
    match words:
        case [program, verb, unit] if program.rpartition("/")[2] == "systemctl" and verb in SERVICE_VERBS:
            pass
        case [program, unit, verb] if program.rpartition("/")[2] == "service" and verb in SERVICE_VERBS:
            pass
        case _:
            return None
    return phrase(f"steps.service-{verb}", host=host, unit=shown(unit, limit=SHOWN))
