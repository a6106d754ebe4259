"""What is told about one job while it is taken over, and how its loosely typed values are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from temanashi.text import phrase
from temanashi.workspace.importing.drafts import Finding, clean

__all__ = ["Collected", "listed", "seconds_of", "text_of", "truth"]

DURATION = re.compile(r"(\d+)\s*([smhdwy]?)")
IN_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


@dataclass
class Collected:
    """The findings of one job; `step` is the step that is being read."""

    job: str
    step: str = ""
    findings: list[Finding] = field(default_factory=list)

    def tell(self, kind: Literal["left", "changed", "noted"], place: str, key: str, /, **data: Any) -> None:
        """Add a finding at a key of the job."""
        self.findings.append(Finding(kind, f"{self.job} / {place}", phrase(f"imports.{key}", **data), self.step))

    def unknown(self, given: Mapping[str, Any], known: frozenset[str], place: str = "") -> None:
        """Tell of every key that nobody here knows."""
        for name in sorted(str(key) for key in given if str(key) not in known):
            self.tell("left", f"{place}.{name}" if place else name, "rundeck-unknown-key", value=text_of(given.get(name))[:80])


def text_of(value: Any) -> str:
    """A scalar as text; numbers and booleans as Rundeck writes them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(str(value))


def truth(value: Any) -> bool:
    """Whether a key is on; exports write `true` and `'true'`."""
    return text_of(value).lower() in {"true", "yes", "1"}


def listed(value: Any) -> list[Any]:
    """A list, whatever was written."""
    return value if isinstance(value, list) else []


def seconds_of(value: Any) -> int | None:
    """Seconds of `90`, `30m` or `1h 30m`; None for anything else."""
    text = text_of(value)
    found = DURATION.findall(text)
    if not found or DURATION.sub("", text).strip():
        return None
    return sum(int(number) * IN_SECONDS[unit] for number, unit in found)
