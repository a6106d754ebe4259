"""The catalogues themselves: `text/<lang>/<area>.po`, message ids are keys, parsed once a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from temanashi.errors import TemanashiError
    from temanashi.text.local import Lang

__all__ = ["Told", "explain", "has", "keys", "say"]


class Told(NamedTuple):
    """An error in one language: what is wrong, where (may be empty) and what to do."""

    what: str
    where: str
    next: str


@cache
def _area(area: str, lang: str) -> dict[str, str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415  (only a reader pays for Babel)

    path = files("temanashi.text") / lang / f"{area}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=lang) if m.id and m.string}


def keys(area: str, lang: Lang) -> frozenset[str]:
    """Every key that an area has in a language."""
    return frozenset(_area(area, lang))


def has(key: str, lang: Lang) -> bool:
    """Whether a key has a text in a language."""
    return key in _area(key.partition(".")[0], lang)


def _shown(value: Any, lang: Lang) -> Any:
    from temanashi.text.local import LocalText, Phrase  # noqa: PLC0415  (they are pydantic models; import of text stays light)

    if isinstance(value, Phrase):
        return value.text(lang)
    if isinstance(value, LocalText):
        return value.text(lang)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ("、" if lang == "ja" else ", ").join(str(_shown(item, lang)) for item in value)
    return "" if value is None else value


def say(key: str, lang: Lang, /, **data: Any) -> str:
    """The text of a key in a language, filled in. A key that no catalogue has is shown as itself, with its data: never lost."""
    pattern = _area(key.partition(".")[0], lang).get(key)
    shown = {name: _shown(value, lang) for name, value in data.items()}
    if pattern is None:
        return f"{key} {shown}" if shown else key
    try:
        return pattern.format_map(shown)
    except (KeyError, IndexError, ValueError):
        return f"{pattern} {shown}"


def explain(error: TemanashiError, lang: Lang) -> Told:
    """What is wrong, where, and what to do, in the reader's language."""
    key = error.key or "common.unexpected"
    data: dict[str, Any] = {"at": str(error.at or ""), **error.data}
    if not error.key:
        data["name"] = type(error).__name__
    following = say(f"{key}.next", lang, **data) if has(f"{key}.next", lang) else ""
    return Told(what=say(key, lang, **data), where=str(error.at or ""), next=following)
