"""A file of people as a roster: CSV (UTF-8, Shift_JIS, UTF-16) or a workbook of Excel, with Japanese or English headings."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from temanashi.accounts.roster import Roster, RosterPerson, RosterProblem
from temanashi.errors import InputError
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.roster.columns import Columns, columns_of
from temanashi.workspace.importing.roster.rows import Reader
from temanashi.workspace.importing.tables import HEADER_WITHIN, Grid, column_words, reference
from temanashi.workspace.importing.tickets.reading import BadTicketFile, grids_in

__all__ = ["MAX_ROSTER_BYTES", "BadRoster", "NoRoster", "RosterTooLarge", "read_roster"]

MAX_ROSTER_BYTES = 20_000_000
FIELDS = frozenset(RosterPerson.model_fields) - {"place"}
TOKYO = ZoneInfo("Asia/Tokyo")
ZIP = b"PK\x03\x04"


class BadRoster(InputError):
    """A file that cannot be read."""

    key = "lifecycle.bad-file"

    def __init__(self, file: str, *, problem: Phrase) -> None:
        super().__init__(file=file, problem=problem)


class RosterTooLarge(InputError):
    """A file that is larger than any list of people."""

    key = "lifecycle.too-large"

    def __init__(self, file: str) -> None:
        super().__init__(file=file, limit=MAX_ROSTER_BYTES // 1_000_000)


class NoRoster(InputError):
    """A file in which no list of people was recognised."""

    key = "lifecycle.no-roster"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


def read_roster(data: bytes, *, name: str, today: date, zone: ZoneInfo = TOKYO) -> Roster:
    """The people of a file. Raises BadRoster, RosterTooLarge, NoRoster, and what `read_workbook` raises.

    `zone` is where moments with an offset become days. Two rows of one person that differ in their roles only are one person with
    the roles of both (兼務); rows that contradict each other are problems, and so is a login of two people.
    """
    shown = Path(name.replace("\\", "/")).name[:100] or "-"
    if len(data) > MAX_ROSTER_BYTES:
        raise RosterTooLarge(shown)
    people: list[RosterPerson] = []
    problems: list[RosterProblem] = []
    notes: list[RosterProblem] = []
    columns: set[str] = set()
    for sheet, grid, found in _tables(_grids(data, shown), shown, notes):
        last, known = found
        reader = Reader(grid, known, sheet=sheet, zone=zone)
        for row in range(last + 1, grid.last_row + 1):
            reader.read(row)
        people += reader.people
        problems += reader.problems
        columns |= {*known.roles} & FIELDS
        notes += _unread(grid, known, sheet, last)
    kept, contradictions = _settled(people)
    return Roster(
        source=shown,
        people=tuple(kept),
        problems=(*problems, *contradictions),
        notes=tuple(notes),
        columns=tuple(sorted(columns)),
        digest=hashlib.sha256(data).hexdigest(),
        read_on=today,
    )


def _grids(data: bytes, name: str) -> list[tuple[str, Grid]]:
    with tempfile.TemporaryDirectory(prefix="tema-roster-") as folder:
        # Readers of workbooks want a file; its name stands in their messages, so that it is the one that the sender knows.
        plain = re.sub(r"[\x00-\x1f/]", "_", name).encode("utf-8", "replace").decode()[:60].strip(". ") or "roster"
        # What it is called does not matter, except to the reader of Excel files.
        misnamed = data.startswith(ZIP) and not plain.lower().endswith((".xlsx", ".xlsm"))
        file = Path(folder) / (f"{plain}.xlsx" if misnamed else plain)
        file.write_bytes(data)
        try:
            return grids_in(file)
        except BadTicketFile as error:
            raise BadRoster(name, problem=error.data["problem"]) from error


def _tables(
    grids: list[tuple[str, Grid]], name: str, notes: list[RosterProblem]
) -> Iterator[tuple[str, Grid, tuple[int, Columns]]]:
    known = False
    for sheet, grid in grids:
        header = _header(grid)
        if header is not None:
            known = True
            yield sheet if len(grids) > 1 else "", grid, header
        elif grid.sheet.cells:
            notes.append(RosterProblem(place=sheet or "-", message=phrase("lifecycle.other-sheet")))
    if not known:
        raise NoRoster(name)


def _header(grid: Grid) -> tuple[int, Columns] | None:
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        last, words = column_words(grid, row)
        columns = columns_of(words)
        if columns.enough:
            return last, columns
    return None


def _unread(grid: Grid, columns: Columns, sheet: str, last: int) -> Iterator[RosterProblem]:
    prefix = f"{sheet}!" if sheet else ""
    for column, heading in columns.others.items():
        message = phrase("lifecycle.unknown-column", heading=heading[:80])
        yield RosterProblem(place=f"{prefix}{reference(last, column)}", message=message)
    if hidden := sum(1 for row in grid.sheet.marks.hidden_rows if last < row <= grid.last_row):
        yield RosterProblem(place=sheet or "-", message=phrase("lifecycle.hidden-rows", count=hidden))


def _settled(rows: list[RosterPerson]) -> tuple[list[RosterPerson], list[RosterProblem]]:
    """Each person once, and the rows of those of whom two rows tell different things."""
    by_key: dict[str, list[RosterPerson]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    merged: list[RosterPerson] = []
    problems: list[RosterProblem] = []
    for key, same in by_key.items():
        if len({row.model_copy(update={"roles": (), "place": ""}) for row in same}) == 1:
            roles = tuple(dict.fromkeys(role for row in same for role in row.roles))
            merged.append(same[0].model_copy(update={"roles": roles}))
            continue
        problems += [_twice(row, "lifecycle.row-twice", key, same) for row in same]
    by_login: dict[str, list[RosterPerson]] = defaultdict(list)
    for person in merged:
        by_login[person.login].append(person)
    shared = {login: same for login, same in by_login.items() if login and len(same) > 1}
    problems += [_twice(row, "lifecycle.row-login-twice", login, same) for login, same in shared.items() for row in same]
    return [person for person in merged if person.login not in shared], problems


def _twice(row: RosterPerson, key: str, value: str, same: list[RosterPerson]) -> RosterProblem:
    message = phrase(key, key=value, places=[one.place for one in same][:5])
    return RosterProblem(place=row.place, message=message, employee=row.employee, login=row.login)
