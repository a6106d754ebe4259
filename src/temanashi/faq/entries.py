"""An entry of the FAQ: one question with its answer, who vouches for it, and until when. `faq/<topic>/<id>.md`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from temanashi.canonical import digest_of
from temanashi.people import Who
from temanashi.text.local import LANGUAGES, Lang, phrase

__all__ = ["EVERYONE", "Entry", "EntryFile", "EntryRunbook", "EntryText", "EntryWords"]

EVERYONE = "everyone"
NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"

EntryId = Annotated[str, StringConstraints(pattern=NAME, max_length=80)]
Line = Annotated[str, StringConstraints(pattern=r"^[^\r\n]*\S[^\r\n]*$", max_length=500)]
Word = Annotated[str, StringConstraints(pattern=r"^((group|role):)?[a-z0-9][a-z0-9._-]*$", max_length=90)]


def _written_day(value: Any) -> Any:
    # pydantic takes a number for seconds since 1970, and `verified_on: 20261101` would be a day of that year.
    if isinstance(value, (int, float)):
        raise ValueError(phrase("faq.day-number", day=str(value)))  # noqa: TRY004  (pydantic turns ValueError into a problem)
    return value


Day = Annotated[date, BeforeValidator(_written_day)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EntryRunbook(_Closed):
    """The runbook that does what the answer says, and what its form begins with."""

    id: EntryId
    parameters: dict[str, Any] = Field(default_factory=dict)


class EntryWords(_Closed):
    """What people ask, in one language."""

    question: Line
    phrasings: tuple[Line, ...] = Field(default=(), max_length=500, description="What people really type when they ask this")


class EntryText(EntryWords):
    """What people ask and what is answered (Markdown), in one language."""

    answer: str = Field(min_length=1, max_length=200_000)


class _Told(_Closed):
    id: EntryId
    owner: Word = Field(description="A person, or group:NAME, of people.yaml")
    tags: tuple[Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=60)], ...] = ()
    audience: Who = Field(default=(EVERYONE,), description="Who may see it: everyone, or some of people.yaml", min_length=1)
    verified_on: Day = Field(description="The day on which somebody last saw that the answer is right")
    valid_until: Day | None = None
    escalate_to: str = Field(default="", max_length=90, description="Who is asked further: a person, group:NAME or a channel")
    runbook: EntryRunbook | None = None

    @model_validator(mode="after")
    def _in_order(self) -> _Told:
        if self.valid_until is not None and self.valid_until < self.verified_on:
            told = {"first": self.verified_on.isoformat(), "last": self.valid_until.isoformat()}
            raise ValueError(phrase("faq.dates", **told))
        return self


class EntryFile(_Told):
    """The front matter of an entry's file."""

    ja: EntryWords | None = None
    en: EntryWords | None = None

    @property
    def languages(self) -> tuple[Lang, ...]:
        """The languages that it has."""
        return tuple(lang for lang in LANGUAGES if getattr(self, lang) is not None)


class Entry(_Told):
    """One entry. `topic` is its folder; `texts` has at least one language."""

    topic: EntryId
    texts: Mapping[Lang, EntryText] = Field(min_length=1)

    @cached_property
    def digest(self) -> str:
        """What tells this wording of the entry from every other."""
        return digest_of(self.model_dump(mode="json"))

    @property
    def for_everyone(self) -> bool:
        """Whether all of the company may see it."""
        return EVERYONE in self.audience

    def text(self, lang: Lang) -> tuple[Lang, EntryText]:
        """The text in a language, else the one that there is, and which it is."""
        found = lang if lang in self.texts else next(iter(self.texts))
        return found, self.texts[found]
