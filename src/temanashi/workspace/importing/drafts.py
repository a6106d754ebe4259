"""A draft: the data of a runbook file, and what a person must look at before it is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from temanashi.text import Lang, Phrase

__all__ = ["Draft", "Finding", "clean", "local", "shortened", "slug"]

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
BREAKS = re.compile(r"\r\n|\r|\x0b|\x0c|\x85|\u2028|\u2029")
MAX_SLUG = 60


class Finding(NamedTuple):
    """One thing to look at. `left` was not taken over, `changed` means something else than before, `noted` is worth knowing.

    `place` is where it stands in the source (a sheet and cell, a job and key); `step` the step of the draft that it concerns.
    """

    kind: Literal["left", "changed", "noted"]
    place: str
    message: Phrase
    step: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What will be one file. `source` names what it was made from, for the file's head."""

    data: Mapping[str, Any]
    source: str
    findings: tuple[Finding, ...] = field(default=())

    @property
    def id(self) -> str:
        """The runbook's id."""
        return str(self.data["id"])

    @property
    def file(self) -> str:
        """Where it belongs in a workspace."""
        return f"runbooks/{self.data['category']}/{self.id}.yaml"

    @property
    def complete(self) -> bool:
        """Whether everything was taken over with its meaning."""
        return all(finding.kind == "noted" for finding in self.findings)


def clean(text: str) -> str:
    """A text of a stranger as data: one kind of line end, no control characters, no blanks around."""
    return CONTROL.sub("\ufffd", BREAKS.sub("\n", text)).strip()


def local(text: str, languages: Iterable[Lang]) -> str | dict[str, str]:
    """A text that stands in one language, under each language that the workspace lists: nobody here can translate it."""
    listed = tuple(languages)
    return text if len(listed) == 1 else dict.fromkeys(listed, text)


def shortened(text: str, limit: int = 60) -> str:
    """The first line of a text, at most `limit` characters."""
    first = text.split("\n", 1)[0].strip()
    return first if len(first) <= limit else first[: limit - 1] + "…"


def slug(text: str) -> str:
    """The ASCII letters and digits of a text as an id; empty where there are none to begin with."""
    import unicodedata  # noqa: PLC0415  (only imports need it)

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return re.sub(r"^[0-9-]+", "", words)[:MAX_SLUG].rstrip("-")
