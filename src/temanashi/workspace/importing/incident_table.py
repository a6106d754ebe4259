"""A list of incidents, CSV or Excel, UTF-8 or Shift_JIS: every row as a notice, and every mistake with its cell."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from temanashi.books import tidy_key
from temanashi.books.recording import BadKey
from temanashi.errors import InputError
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.headings import BRACKETS, normal
from temanashi.workspace.importing.moments import moment_written
from temanashi.workspace.importing.tables import HEADER_WITHIN, Found, Grid, column_words, reference
from temanashi.workspace.importing.tickets.reading import grids_in
from temanashi.workspace.importing.tickets.rows import Flaw
from temanashi.workspace.importing.tickets.values import is_broken, is_mangled, unwrapped
from temanashi.workspace.noting_incidents import TITLE_LENGTH, WORD_LENGTH, Notice

__all__ = ["IncidentFile", "NoIncidents", "ReadIncident", "read_incidents"]

Role = Literal["key", "title", "started", "acknowledged", "resolved", "system", "owner", "severity", "reason"]
NEEDED: tuple[Role, ...] = ("title", "started")
MOMENTS: tuple[Role, ...] = ("started", "acknowledged", "resolved")
LONGEST: dict[Role, int] = {
    "title": TITLE_LENGTH,
    "system": WORD_LENGTH,
    "owner": WORD_LENGTH,
    "severity": WORD_LENGTH,
    "reason": 1000,
}
SHOWN = 60

# Of two columns with one role the one whose word stands first here has it.
WORDS: dict[Role, str] = {
    "key": "インシデント番号|インシデントid|障害番号|管理番号|受付番号|案件番号|チケット番号|番号|no|no.|№|"
    "incidentnumber|incidentid|incident|"
    "ticketnumber|number|key|id",
    "title": "件名|概要|事象|障害内容|障害概要|インシデント名|内容|タイトル|title|summary|shortdescription|subject|description",
    "started": "発生日時|障害発生日時|発生時刻|発生|開始日時|"
    "startedat|started|occurredat|occurred|starttime|opened|openedat|created|createdat",
    "acknowledged": "確認日時|対応開始日時|検知日時|認知日時|一次対応日時|受付日時|対応開始|"
    "acknowledgedat|acknowledged|respondedat|ackedat|acked",
    "resolved": "復旧日時|解決日時|終了日時|完了日時|復旧時刻|復旧|解決|"
    "resolvedat|resolved|restoredat|endedat|closedat|closed|endtime",
    "system": "システム名|対象システム|システム|サービス|system|service|configurationitem|cmdbci",
    "owner": "担当|担当者|担当チーム|主管|対応者|owner|assignmentgroup|assignee|assignedto|team",
    "severity": "重要度|影響度|優先度|障害レベル|レベル|ランク|severity|priority|impact|level",
    "reason": "原因|対応内容|原因と対応|処置|対応|resolution|cause|rootcause|closenotes|resolutionnotes",
}
RANKS: dict[str, tuple[Role, int]] = {
    normal(word): (role, rank) for role, words in WORDS.items() for rank, word in enumerate(words.split("|"))
}


class NoIncidents(InputError):
    """A file in which no list of incidents was recognised; which headings were missed."""

    key = "incidents.no-list"

    def __init__(self, file: str, *, missing: list[Phrase]) -> None:
        super().__init__(file=file, missing=missing)


@dataclass(frozen=True, slots=True)
class ReadIncident:
    """A row that was understood, and its place."""

    notice: Notice
    place: str


@dataclass(kw_only=True)
class IncidentFile:
    """Every row of a file; `rows` counts those with anything in them."""

    source: str
    rows: int = 0
    read: list[ReadIncident] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


def read_incidents(file: Path, *, zone: ZoneInfo) -> IncidentFile:
    """The incidents of a file; times without an offset are of the zone. Raises BadTicketFile, NoIncidents and WorkbookTooLarge."""
    grids = grids_in(file)
    found = IncidentFile(source=file.name)
    closest: list[Role] = list(NEEDED)
    known = False
    for sheet, grid in grids:
        header = _header(grid)
        if header is None:
            continue
        last, columns = header
        missing = [role for role in NEEDED if role not in columns]
        if missing:
            closest = min(closest, missing, key=len)
            continue
        known = True
        prefix = f"{sheet}!" if sheet and len(grids) > 1 else ""
        for row in range(last + 1, grid.last_row + 1):
            _Row(grid, columns, row, prefix, zone).read(found)
    if not known:
        raise NoIncidents(file.name, missing=[phrase(f"incidents.column-{role}") for role in closest])
    _twice(found)
    return found


def _header(grid: Grid) -> tuple[int, dict[Role, int]] | None:
    best: tuple[int, dict[Role, int]] | None = None
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        last, words = column_words(grid, row)
        columns = _columns(words)
        if all(role in columns for role in NEEDED):
            return last, columns
        if columns and (best is None or len(columns) > len(best[1])):
            best = last, columns
    return best


def _columns(words: dict[int, list[str]]) -> dict[Role, int]:
    ranked = {}
    for column, texts in words.items():
        known = [found for text in texts if (found := RANKS.get(normal(text)) or RANKS.get(normal(BRACKETS.sub("", text))))]
        if known:
            ranked[column] = known[0]
    roles: dict[Role, int] = {}
    for column in sorted(ranked, key=lambda each: (ranked[each][1], each)):
        roles.setdefault(ranked[column][0], column)
    return roles


class _Row:
    """One row, with what is wrong with each of its cells."""

    def __init__(self, grid: Grid, columns: dict[Role, int], row: int, prefix: str, zone: ZoneInfo) -> None:
        self.grid, self.columns, self.row, self.prefix, self.zone = grid, columns, row, prefix, zone
        self.cells: dict[Role, Found | None] = {role: grid.at(row, column) for role, column in columns.items()}
        self.flaws: dict[Role, Phrase] = {}

    def read(self, found: IncidentFile) -> None:
        """Take the row in; one without anything is no row of the table."""
        formulas = [
            role for role, column in self.columns.items() if reference(self.row, column) in self.grid.sheet.marks.uncomputed
        ]
        if not any(self.cells.values()) and not formulas:
            return
        found.rows += 1
        # A time that Excel has not computed is no time that has not come.
        self.flaws |= {role: phrase("demand.row-formula") for role in formulas}
        key, moments = self._key(), {role: self._moment(role) for role in MOMENTS}
        texts = {role: self._text(role) for role in LONGEST if role in self.columns}
        if not texts.get("title"):
            self.flaws.setdefault("title", phrase("incidents.row-no-title"))
        started = moments["started"]
        if started is None:
            self.flaws.setdefault("started", phrase("incidents.row-no-start"))
        for role in ("acknowledged", "resolved"):
            moment = moments[role]
            if started is not None and moment is not None and moment < started:
                self.flaws.setdefault(role, phrase("incidents.row-before"))
        if self.flaws or started is None:
            found.flaws += [Flaw(self._place(role), message, key) for role, message in self.flaws.items()]
            return
        made = key or _key_of(texts["title"], started, texts.get("system", ""))
        told: dict[str, Any] = {"acknowledged": moments["acknowledged"], "resolved": moments["resolved"]}
        told |= {str(role): text for role, text in texts.items()}
        found.read.append(ReadIncident(Notice(key=made, started=started, **told), self._place("title")))

    def _key(self) -> str:
        cell = self.cells.get("key")
        text = unwrapped(cell.text).strip() if cell is not None else ""
        if not text:
            return ""
        if is_mangled(text) or is_broken(text):
            self.flaws["key"] = phrase("demand.row-mangled" if is_mangled(text) else "demand.row-broken", text=text[:SHOWN])
            return ""
        try:
            return tidy_key(text)
        except BadKey:
            self.flaws["key"] = phrase("demand.row-bad-key", text=text[:SHOWN])
            return ""

    def _moment(self, role: Role) -> datetime | None:
        cell = self.cells.get(role)
        if cell is None or cell.text.strip() in {"-", "－", "ー", "―"}:
            return None
        moment = moment_written(cell.value if isinstance(cell.value, datetime) else unwrapped(cell.text), self.zone)
        if moment is None:
            self.flaws[role] = phrase("incidents.row-bad-moment", text=cell.text[:SHOWN])
        return moment

    def _text(self, role: Role) -> str:
        cell = self.cells.get(role)
        text = " ".join(unwrapped(cell.text).split()) if cell is not None else ""
        if is_broken(text):
            self.flaws[role] = phrase("demand.row-broken", text=text)
        elif len(text) > LONGEST[role]:
            self.flaws[role] = phrase("demand.row-too-long", most=LONGEST[role])
        return text

    def _place(self, role: Role) -> str:
        return f"{self.prefix}{reference(self.row, self.columns.get(role, 1))}"


def _key_of(title: str, started: datetime, system: str) -> str:
    """A number for a row that has none: the same row again is the same incident."""
    digest = hashlib.sha256(f"{title}\0{started.isoformat()}\0{system}".encode()).hexdigest()
    return f"file-{started:%Y%m%d}-{digest[:10]}"


def _twice(found: IncidentFile) -> None:
    """Rows of one number that tell different things are all wrong; the same thing twice is once."""
    by_key: dict[str, list[ReadIncident]] = defaultdict(list)
    for one in found.read:
        by_key[one.notice.key].append(one)
    found.read = []
    for key, rows in by_key.items():
        if len({row.notice for row in rows}) == 1:
            found.read.append(rows[0])
            continue
        places = [row.place for row in rows]
        found.flaws += [Flaw(row.place, phrase("demand.row-twice", key=key, places=places[:5]), key) for row in rows]
