"""Texts that carry their languages with them: what a workspace writes, and sentences of ours that are rendered later."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic_core import CoreSchema

__all__ = ["LANGUAGES", "Lang", "LocalText", "Phrase", "phrase"]

Lang = Literal["ja", "en"]
LANGUAGES: tuple[Lang, ...] = ("ja", "en")


class LocalText(BaseModel):
    """A text that a workspace wrote: `{ja: 朝の点検, en: Morning checks}`, or one string for one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ja: str | None = Field(default=None, min_length=1, description="日本語")
    en: str | None = Field(default=None, min_length=1, description="English")
    plain: str | None = Field(default=None, min_length=1, description="One text for the only language of the workspace")

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"plain": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_empty(self) -> LocalText:
        if not (self.ja or self.en or self.plain):
            raise ValueError("needs a text in at least one language")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """For editors: one string, or a text a language."""
        written = {
            lang: {"type": "string", "minLength": 1, "title": title} for lang, title in (("ja", "日本語"), ("en", "English"))
        }
        mapping = {"type": "object", "properties": written, "additionalProperties": False, "minProperties": 1}
        return {"anyOf": [{"type": "string", "minLength": 1}, mapping]}

    @model_serializer
    def _as_written(self) -> str | dict[str, str]:
        if self.plain is not None:
            return self.plain
        return {lang: text for lang in LANGUAGES if (text := getattr(self, lang))}

    def text(self, lang: Lang) -> str:
        """The text in a language, else the one that there is."""
        return str(getattr(self, lang) or self.plain or self.ja or self.en)

    def missing(self, languages: tuple[Lang, ...]) -> tuple[Lang, ...]:
        """The listed languages without a text. One plain string serves a workspace of one language."""
        if self.plain is not None:
            return () if len(languages) == 1 else languages
        return tuple(lang for lang in languages if not getattr(self, lang))


class Phrase(BaseModel):
    """A sentence of ours that is rendered when its reader is known: a text key and its data (JSON values)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    data: dict[str, Any] = Field(default_factory=dict)

    def text(self, lang: Lang) -> str:
        """The sentence in a language. A value `{"ja": ..., "en": ...}` or `{"key": ..., "data": ...}` is rendered too."""
        from temanashi.text.catalogue import say  # noqa: PLC0415  (catalogue and local name each other)

        return say(self.key, lang, **{name: _revived(value) for name, value in self.data.items()})


def _revived(value: Any) -> Any:
    if isinstance(value, dict) and value:
        if set(value) <= set(LANGUAGES):
            return LocalText.model_validate(value)
        if set(value) <= {"key", "data"} and "key" in value:
            return Phrase.model_validate(value)
    if isinstance(value, list):
        return [_revived(item) for item in value]
    return value


def phrase(key: str, /, **data: Any) -> Phrase:
    """A `Phrase` from a key and named values; local texts and phrases among them are kept as data."""
    return Phrase(key=key, data={n: v.model_dump() if isinstance(v, (LocalText, Phrase)) else v for n, v in data.items()})
