"""In which language the terminal speaks: `--lang`, else `TEMA_LANG`, else the workspace's first, else the locale's."""

from __future__ import annotations

import os
import sys
from functools import cache

from temanashi.errors import InputError
from temanashi.text.local import LANGUAGES, Lang

__all__ = ["language", "without_language"]


class UnknownLanguage(InputError):
    """A language that is not spoken here."""

    key = "cli.unknown-language"

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


@cache
def language() -> Lang:
    """The language of this process. Read before the options are parsed, because help texts need it."""
    for wanted in (_option(), os.environ.get("TEMA_LANG", ""), _workspace(), _locale()):
        for lang in LANGUAGES:
            if wanted == lang:
                return lang
    return "en"


def _option() -> str:
    words = sys.argv[1:]
    for index, word in enumerate(words):
        if word.startswith("--lang="):
            return word.partition("=")[2]
        if word == "--lang" and index + 1 < len(words):
            return words[index + 1]
    return ""


def without_language(words: list[str]) -> list[str]:
    """The arguments without a good `--lang`: it may stand before or after the command. A wrong one is left for Typer to refuse."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*kept, word, *rest]
        name, sign, value = word.partition("=")
        if name != "--lang":
            kept.append(word)
            continue
        value = value if sign else next(rest, "")
        if value not in LANGUAGES:
            raise UnknownLanguage(value)
    return kept


def _workspace() -> str:
    import tomllib
    from pathlib import Path

    start = Path(os.environ.get("TEMA_WORKSPACE") or Path.cwd())
    for folder in (start, *start.absolute().parents):
        file = folder / "pyproject.toml"
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["temanashi"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        listed = table.get("languages") if isinstance(table, dict) else None
        return str(listed[0]) if isinstance(listed, list) and listed else ""
    return ""


def _locale() -> str:
    return next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(n))), "")[:2]
