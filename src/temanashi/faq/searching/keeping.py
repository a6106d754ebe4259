"""A built index as a file, so that a start does not learn again what the same entries taught before."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

from temanashi.canonical import digest_of
from temanashi.text.local import Phrase, phrase

__all__ = ["Kept", "keep", "read_kept"]

FORMAT = 1
TOOLS = ("sudachipy", "sudachidict-core", "snowballstemmer")


class Kept(NamedTuple):
    """What a file holds for the wanted index: its parts by language, or nothing; and what is to be told about the file."""

    parts: Mapping[str, Mapping[str, Any]] | None
    problem: Phrase | None = None


def read_kept(path: Path, *, index: str) -> Kept:
    """The index of that name. A file of another index or program is old, not wrong; a damaged one is told. Never raises."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Kept(None)
    except OSError as error:
        return Kept(None, phrase("faq.index-unreadable", file=path.name, reason=error.strerror or type(error).__name__))
    try:
        told = json.loads(raw)
        content = told["content"]
        if told["digest"] != digest_of(content):
            return Kept(None, phrase("faq.index-damaged", file=path.name))
        known = content["format"], content["index"], content["tools"]
        parts = content["parts"] if known == (FORMAT, index, _tools()) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return Kept(None, phrase("faq.index-damaged", file=path.name))
    return Kept(parts)


def keep(path: Path, parts: Mapping[str, Mapping[str, Any]], *, index: str) -> Phrase | None:
    """Write the file, whole or not at all. What was in the way, as a sentence: without the file everything works too."""
    content = {"format": FORMAT, "index": index, "tools": _tools(), "parts": parts}
    text = json.dumps({"digest": digest_of(content), "content": content}, ensure_ascii=False)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".index-", delete=False) as file:
            file.write(text)
        os.replace(file.name, path)  # noqa: PTH105  (atomic within the folder)
    except OSError as error:
        return phrase("faq.index-unwritable", file=path.name, reason=error.strerror or type(error).__name__)
    return None


def _tools() -> list[str]:
    """What cut the words: another dictionary cuts otherwise."""
    return [f"{name} {_version(name)}" for name in TOOLS]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
