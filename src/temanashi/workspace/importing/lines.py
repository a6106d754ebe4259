"""What a sheet's table is read into."""

from __future__ import annotations

from dataclasses import dataclass, field

from temanashi.workspace.importing.drafts import Finding

__all__ = ["Line", "Procedure"]


@dataclass
class Line:
    """One step as the sheet says it."""

    sheet: str
    cell: str
    number: str = ""
    section: str = ""
    title: str = ""
    text: str = ""
    owner: str = ""
    confirmer: str = ""
    minutes: float | None = None
    notes: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    extras: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass
class Procedure:
    """What one sheet gave: a title above its table, its lines, and what was not understood."""

    sheet: str
    title: str = ""
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
