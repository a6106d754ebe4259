"""What can be wrong with something that a person does on a checklist. Nothing is written then."""

from __future__ import annotations

from temanashi.errors import InputError, RunError

__all__ = [
    "BadMinutes",
    "ChecklistOpen",
    "LineChanged",
    "LineNeeded",
    "NoChecklist",
    "NoLine",
    "NoReason",
    "NotConfirmable",
    "NotInGroup",
    "NoteTooLong",
    "RefusalWithoutReason",
    "SamePerson",
]


class NoChecklist(RunError):
    """The run waits for something that is no checklist."""

    key = "runs.no-checklist"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class ChecklistOpen(RunError):
    """The checklist cannot be completed: lines are open, lack a value, or wait for a second person."""

    key = "runs.checklist-open"

    def __init__(self, run: str, lines: list[int]) -> None:
        super().__init__(run=run, lines=lines)


class LineChanged(RunError):
    """Somebody else did something on the line since this person looked."""

    key = "runs.line-changed"

    def __init__(self, line: int, *, by: str) -> None:
        super().__init__(line=line, by=by)


class NotConfirmable(RunError):
    """The line is not done yet, or needs no confirmation."""

    key = "runs.not-confirmable"

    def __init__(self, line: int) -> None:
        super().__init__(line=line)


class SamePerson(RunError):
    """Who did a line cannot confirm it."""

    key = "runs.same-person"

    def __init__(self, line: int, *, name: str) -> None:
        super().__init__(line=line, name=name)


class NotInGroup(RunError):
    """Only people of a group may confirm the line."""

    key = "runs.not-in-group"

    def __init__(self, line: int, *, name: str, group: str) -> None:
        super().__init__(line=line, name=name, group=group)


class NoLine(InputError):
    """The checklist has no line with this number."""

    key = "runs.no-line"

    def __init__(self, line: int, *, most: int) -> None:
        super().__init__(line=line, most=most)


class LineNeeded(InputError):
    """The line may not be left out."""

    key = "runs.line-needed"

    def __init__(self, line: int) -> None:
        super().__init__(line=line)


class NoReason(InputError):
    """A line that does not apply, without a reason."""

    key = "runs.line-no-reason"

    def __init__(self, line: int) -> None:
        super().__init__(line=line)


class RefusalWithoutReason(InputError):
    """A checklist is refused without a reason."""

    key = "runs.refusal-no-reason"


class NoteTooLong(InputError):
    """A note that is longer than the record keeps."""

    key = "runs.note-too-long"

    def __init__(self, *, most: int) -> None:
        super().__init__(most=most)


class BadMinutes(InputError):
    """Minutes of work that cannot be."""

    key = "runs.bad-minutes"

    def __init__(self, *, most: int) -> None:
        super().__init__(most=most)
