"""A file of past inquiries: a list (CSV, Excel) or a mailbox (mbox); what is not understood is told by its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from temanashi.errors import InputError
from temanashi.faq.mining.inquiries import PastInquiry
from temanashi.text import Phrase, phrase
from temanashi.workspace.faq_past_columns import PastColumns, past_columns
from temanashi.workspace.importing.durations import minutes_of
from temanashi.workspace.importing.tables import HEADER_WITHIN, Grid, column_words, reference
from temanashi.workspace.importing.tickets.reading import grids_in

__all__ = ["NoInquiries", "PastFile", "PastFlaw", "read_list"]


class NoInquiries(InputError):
    """A file in which no list of inquiries was recognised."""

    key = "mining.no-inquiries"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


class PastFlaw(NamedTuple):
    """What is wrong at a place of the file; `lost`: the inquiry there was left out, else only what stands there."""

    place: str
    message: Phrase
    lost: bool


@dataclass(kw_only=True)
class PastFile:
    """The inquiries of a file, and what is wrong with it."""

    source: str
    inquiries: list[PastInquiry] = field(default_factory=list)
    flaws: list[PastFlaw] = field(default_factory=list)


def read_list(file: Path, *, told: Callable[[int], None]) -> PastFile:
    """The inquiries of a CSV file or workbook; `told` hears how many rows were read.

    Raises NoInquiries, BadTicketFile, and what `read_workbook` raises.
    """
    grids = grids_in(file)
    found = PastFile(source=file.name)
    known = False
    for sheet, grid in grids:
        header = _header(grid)
        if header is None:
            continue
        known = True
        prefix = f"{sheet}!" if len(grids) > 1 else ""
        for row in range(header[0] + 1, grid.last_row + 1):
            _read(grid, row, header[1], found, prefix)
            told(len(found.inquiries))
    if not known:
        raise NoInquiries(file.name)
    return found


def _header(grid: Grid) -> tuple[int, PastColumns] | None:
    """The last row of the header and its columns: the first row under which a title or a question stands."""
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        last, words = column_words(grid, row)
        columns = past_columns(words)
        if columns.asks:
            return last, columns
    return None


def _read(grid: Grid, row: int, columns: PastColumns, found: PastFile, prefix: str) -> None:
    cells = {role: _text(grid, row, column) for role, column in columns.roles.items()}
    if not any(cells.values()):
        return
    first = min(columns.roles.values())
    place = f"{prefix}{reference(row, first)}"
    if not (cells.get("title") or cells.get("question")):
        found.flaws.append(PastFlaw(place, phrase("mining.no-question"), lost=True))
        return
    people = tuple(dict.fromkeys(_people(grid, row, columns)))
    found.inquiries.append(
        PastInquiry(
            place=place,
            title=cells.get("title", ""),
            body=cells.get("question", ""),
            answer=cells.get("answer", ""),
            minutes=_minutes(grid, row, columns, found, prefix),
            people=people,
        )
    )


def _text(grid: Grid, row: int, column: int) -> str:
    value = grid.at(row, column)
    if value is None:
        return ""
    # A cell of several lines is read as such: what was quoted and the signature are told by their lines.
    return str(value.value) if isinstance(value.value, str) else value.text


def _people(grid: Grid, row: int, columns: PastColumns) -> Iterator[str]:
    yield from (text for column in columns.people if (text := _text(grid, row, column).strip()))


def _minutes(grid: Grid, row: int, columns: PastColumns, found: PastFile, prefix: str) -> float | None:
    column = columns.roles.get("minutes")
    value = grid.at(row, column) if column is not None else None
    if column is None or value is None:
        return None
    try:
        minutes = minutes_of(value.value, columns.unit)
    except ValueError:
        message = phrase("mining.bad-minutes", value=value.text[:40])
        found.flaws.append(PastFlaw(f"{prefix}{reference(row, column)}", message, lost=False))
        return None
    return None if minutes is None else minutes.value
