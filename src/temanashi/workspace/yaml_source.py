"""YAML 1.2 as plain JSON data whose every value knows its line.

Scalars are resolved by the core schema (YAML 1.2.2, section 10.3.2), so `07:30`, `on`, `no` and dates stay text. Refused, each
with its line: duplicate keys, several documents, tags, keys that are not text, NaN and infinity, and files that grow by aliases.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from temanashi.errors import WorkspaceError
from temanashi.text import Phrase, phrase
from temanashi.workspace.yaml_syntax import syntax_flaw

__all__ = ["BadYaml", "Flaw", "YamlSource", "read_yaml"]

MAX_DEPTH = 40
MAX_VALUES = 50_000
"""Values of one file after aliases are followed: ten times the largest checklist we know."""
MAX_DIGITS = 40
STR_TAG = "tag:yaml.org,2002:str"
WORDS: dict[str, Any] = {"": None, "~": None} | dict.fromkeys(("null", "Null", "NULL"))
WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line breaks of YAML 1.1 only (1.2.2, section 5.4); libyaml counts and cuts lines there."""
NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)


class Flaw(NamedTuple):
    """A line (from 1) and what is wrong there."""

    line: int
    message: Phrase


class BadYaml(WorkspaceError):
    """A text that is not one document of plain data; `flaws` holds every mistake that could be told."""

    key = "workspace.bad-yaml"

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__(line=self.flaws[0].line, problem=self.flaws[0].message)


@dataclass(slots=True)
class _Place:
    line: int
    inside: dict[str | int, _Place] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True)
class YamlSource:
    """The data of a file, and the line of each value."""

    data: Any
    _place: _Place

    def line(self, loc: Sequence[str | int]) -> int:
        """The line of the value at a path. Parts that the file does not have (a missing key, a name of a model) are passed over."""
        place = self._place
        for part in loc:
            place = place.inside.get(part, place)
        return place.line


def read_yaml(text: str, *, limit: int = MAX_VALUES, quick: bool = False) -> YamlSource:
    """The one document of a text, of at most `limit` values; raises BadYaml. `quick` is for lists of thousands of hosts."""
    if quick and not OTHER_BREAKS.search(text):
        with suppress(YAMLError):
            return _Builder(text, limit, quick=True).document()
    return _Builder(text, limit).document()


class _Builder:
    # `quick` is libyaml's parser, where it is installed: several times as fast. It takes some texts that YAML 1.2 does not
    # (`a: |#`), so a person's own file is read by the strict one, which also explains what neither can read.

    def __init__(self, text: str, limit: int, *, quick: bool = False) -> None:
        self._limit = limit
        self._quick = quick
        self._events: Iterator[Any] = YAML(typ="safe", pure=not quick).parse(text)
        self._anchors: dict[str, tuple[Any, _Place]] = {}
        self._flaws: list[Flaw] = []
        self._values = 0

    def document(self) -> YamlSource:
        try:
            return self._document()
        except MarkedYAMLError as error:
            if self._quick:
                raise
            mark = error.problem_mark or error.context_mark
            raise BadYaml([*self._flaws, Flaw(mark.line + 1 if mark else 0, syntax_flaw(error))]) from error
        except YAMLError as error:
            if self._quick:
                raise
            raise BadYaml([*self._flaws, Flaw(0, phrase("workspace.yaml-syntax", problem=str(error).splitlines()[0]))]) from error

    def _document(self) -> YamlSource:
        next(self._events)
        event = next(self._events)
        if isinstance(event, StreamEndEvent):
            raise BadYaml([Flaw(1, phrase("workspace.yaml-empty"))])
        data, place = self._value(next(self._events), 0)
        next(self._events)
        event = next(self._events)
        if isinstance(event, DocumentStartEvent):
            self._flaws.append(_flaw(event, "workspace.yaml-documents"))
        if self._flaws:
            raise BadYaml(self._flaws)
        return YamlSource(data, place)

    def _value(self, event: Any, depth: int) -> tuple[Any, _Place]:
        self._count(event, 1)
        if depth > MAX_DEPTH:
            raise BadYaml([*self._flaws, _flaw(event, "workspace.yaml-deep", limit=MAX_DEPTH)])
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if (tag := event.ctag) and str(tag) not in {"!", STR_TAG}:
            self._flaws.append(_flaw(event, "workspace.yaml-tag", tag=str(tag)))
        before = self._values
        place = _Place(event.start_mark.line + 1)
        value = self._scalar(event) if isinstance(event, ScalarEvent) else self._collection(event, place, depth)
        place.size = self._values - before + 1
        if event.anchor:
            self._anchors[event.anchor] = (value, place)
        return value, place

    def _count(self, event: Any, more: int) -> None:
        self._values += more
        if self._values > self._limit:
            raise BadYaml([*self._flaws, _flaw(event, "workspace.yaml-large", limit=self._limit)])

    def _alias(self, event: Any) -> tuple[Any, _Place]:
        if event.anchor not in self._anchors:
            raise BadYaml([*self._flaws, _flaw(event, "workspace.yaml-alias", name=event.anchor)])
        value, place = self._anchors[event.anchor]
        self._count(event, place.size)
        return value, place

    def _scalar(self, event: Any) -> Any:
        return self._resolved(event) if not event.style and not event.ctag else self._text(event)

    def _text(self, event: Any) -> str:
        """The text; escapes of JSON's pairs of surrogates become one character. What no UTF-8 file can hold is refused."""
        text: str = event.value
        try:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._flaws.append(_flaw(event, "workspace.control-character", code="U+D800-DFFF"))
        if "\x00" in text:
            self._flaws.append(_flaw(event, "workspace.control-character", code="U+0000"))
        return text

    def _resolved(self, event: Any) -> Any:
        text = event.value
        if text in WORDS:
            return WORDS[text]
        if INTEGER.fullmatch(text) and len(text) <= MAX_DIGITS:
            return int(text)
        if OCTAL_OR_HEX.fullmatch(text) and len(text) <= MAX_DIGITS:
            return int(text, 0)
        if NOT_JSON.fullmatch(text):
            self._flaws.append(_flaw(event, "workspace.yaml-not-finite", value=text))
        elif FLOAT.fullmatch(text):
            if len(text) <= MAX_DIGITS and math.isfinite(number := float(text)):
                return number
            self._flaws.append(_flaw(event, "workspace.yaml-number", value=text[:MAX_DIGITS]))
        return text

    def _collection(self, event: Any, place: _Place, depth: int) -> Any:
        return self._mapping(place, depth) if isinstance(event, MappingStartEvent) else self._sequence(place, depth)

    def _sequence(self, place: _Place, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            value, place.inside[len(items)] = self._value(event, depth + 1)
            items.append(value)
        return items

    def _mapping(self, place: _Place, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._key(event, depth)
            if key in found:
                self._flaws.append(_flaw(event, "workspace.yaml-duplicate", name=key, first=place.inside[key].line))
            found[key], inside = self._value(next(self._events), depth + 1)
            place.inside[key] = _Place(line, inside.inside, inside.size)
        return found

    def _key(self, event: Any, depth: int) -> str:
        if isinstance(event, ScalarEvent):
            return self._text(event)
        self._flaws.append(_flaw(event, "workspace.yaml-key"))
        self._value(event, depth + 1)
        return ""


def _flaw(event: Any, key: str, /, **data: Any) -> Flaw:
    return Flaw(event.start_mark.line + 1, phrase(key, **data))
