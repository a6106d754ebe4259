"""What a sheet's XML says besides its values: merged cells, hidden rows, formulas that were never computed, and how far it goes."""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element, fromstring, iterparse

__all__ = ["MAX_CELLS", "Marks", "Merge", "marks_of"]

MAX_CELLS = 500_000
MAX_MERGES = 10_000
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Merge(NamedTuple):
    """A merged rectangle; rows and columns from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Marks:
    """`uncomputed` are formulas without a saved value, as references such as `C7`; `last_row` is the last one with a value."""

    merges: tuple[Merge, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    uncomputed: tuple[str, ...] = ()
    last_row: int = 0
    last_column: int = 0


@dataclass
class _Seen:
    merges: list[Merge] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    uncomputed: list[str] = field(default_factory=list)
    last_row: int = 0
    last_column: int = 0
    cells: int = 0


def marks_of(archive: zipfile.ZipFile) -> dict[str, Marks]:
    """The marks of each worksheet by its name; raises KeyError, ValueError and ParseError where the archive is broken."""
    targets = {
        relation.get("Id", ""): _target(relation.get("Target", "")) for relation in _tree(archive, "xl/_rels/workbook.xml.rels")
    }
    found = {}
    for sheet in _tree(archive, "xl/workbook.xml").iter():
        if _name(sheet) == "sheet":
            part = targets.get(sheet.get(RELATION) or sheet.get(STRICT_RELATION) or "", "")
            if part in archive.namelist() and "worksheets/" in part:
                found[sheet.get("name", "")] = _marks(archive, part)
    return found


def _tree(archive: zipfile.ZipFile, part: str) -> Element:
    return fromstring(archive.read(part))  # noqa: S314  (parts with a document type were refused)


def _target(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _marks(archive: zipfile.ZipFile, part: str) -> Marks:
    seen = _Seen()
    with archive.open(part) as stream:
        for _, element in iterparse(stream, events=("end",)):  # noqa: S314  (see above)
            name = _name(element)
            if name == "c":
                _cell(element, seen)
            elif name == "row":
                _row(element, seen)
            elif name == "mergeCell":
                _merge(element, seen)
    return Marks(tuple(seen.merges), frozenset(seen.hidden), tuple(seen.uncomputed), seen.last_row, seen.last_column)


def _row(element: Element, seen: _Seen) -> None:
    if element.get("hidden") in {"1", "true"} and (element.get("r") or "").isdigit():
        seen.hidden.add(int(element.get("r", "0")))
    element.clear()


def _cell(element: Element, seen: _Seen) -> None:
    seen.cells += 1
    if seen.cells > MAX_CELLS:
        raise ValueError(f"more than {MAX_CELLS} cells")
    parts = {_name(child): child for child in element}
    filled = ("v" in parts and (parts["v"].text or "") != "") or "is" in parts
    reference = element.get("r", "")
    match = REFERENCE.fullmatch(reference)
    if filled and match:
        seen.last_row = max(seen.last_row, int(match[2]))
        seen.last_column = max(seen.last_column, _column(match[1]))
    if "f" in parts and not filled:
        seen.uncomputed.append(reference)
    element.clear()


def _merge(element: Element, seen: _Seen) -> None:
    first, _, last = element.get("ref", "").partition(":")
    start, end = REFERENCE.fullmatch(first), REFERENCE.fullmatch(last or first)
    if start is None or end is None:
        return
    seen.merges.append(Merge(int(start[2]), _column(start[1]), int(end[2]), _column(end[1])))
    if len(seen.merges) > MAX_MERGES:
        raise ValueError(f"more than {MAX_MERGES} merged cells")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
