"""Reading SQL before a database does: one statement that only reads. The database is told to refuse writes all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from temanashi.text.local import phrase

__all__ = ["Piece", "filled_for", "pieces", "reading", "statement"]

_PIECE = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>[A-Za-z_\u0080-\uffff][\w]*)?\$)
    | (?P<word>[A-Za-z_\u0080-\uffff][\w$]*)
    | (?P<number>[0-9][\w.$]*)
    | (?P<name>(?<![:\w]):[A-Za-z_]\w*)
    | (?P<sign>::|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINNINGS = ("SELECT", "WITH", "VALUES")
_WRITING = frozenset(
    {
        *("INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "TRUNCATE", "DROP", "ALTER", "CREATE", "GRANT", "REVOKE", "CALL", "EXEC"),
        *("EXECUTE", "COPY", "VACUUM", "ATTACH", "PRAGMA"),
    }
)


class Piece(NamedTuple):
    """A part of the text: `space`, `text` (quoted), `word`, `number`, `name` (`:day`) or `sign`, and where it begins, from 1."""

    kind: str
    text: str
    position: int


def pieces(sql: str) -> Iterator[Piece]:
    """The text cut up; nothing is lost. Raises ValueError(Phrase) for what is not closed or could be read in two ways."""
    at = 0
    while at < len(sql):
        found = _PIECE.match(sql, at)
        if found is None:
            raise ValueError(phrase("checks.sql-open", position=at + 1))
        kind, end = found.lastgroup or "sign", found.end()
        if kind == "comment":
            kind, end = "space", _comment_end(sql, at)
        elif kind in {"dollar", "tag"}:
            kind, end = "text", _closed(sql, found["dollar"], end, at)
        elif kind == "sign" and found[0] in {"'", '"'}:
            raise ValueError(phrase("checks.sql-open", position=at + 1))
        yield Piece(kind, sql[at:end], at + 1)
        at = end


def _comment_end(sql: str, at: int) -> int:
    end = _closed(sql, "*/", at + 2, at)
    # A comment within a comment ends at different places in different databases.
    if "/*" in sql[at + 2 : end]:
        raise ValueError(phrase("checks.sql-open", position=at + 1))
    return end


def _closed(sql: str, mark: str, start: int, at: int) -> int:
    end = sql.find(mark, start)
    if end < 0:
        raise ValueError(phrase("checks.sql-open", position=at + 1))
    return end + len(mark)


def statement(sql: str) -> list[Piece]:
    """The pieces of the only statement, without the semicolon at its end; raises ValueError(Phrase)."""
    found = list(pieces(sql))
    told = [n for n, piece in enumerate(found) if piece.kind != "space"]
    ends = [n for n in told if found[n].text == ";"]
    if ends and told[-1] > ends[0]:
        raise ValueError(phrase("checks.sql-two-statements", position=found[ends[0]].position))
    return found[: ends[0]] if ends else found


def reading(sql: str) -> str:
    """The text, known to be one statement that only reads; raises ValueError(Phrase) with the position of what does not."""
    words = [piece for piece in statement(sql) if piece.kind == "word"]
    if not words or words[0].text.upper() not in _BEGINNINGS:
        raise ValueError(phrase("checks.sql-beginning", known=list(_BEGINNINGS)))
    for word in words:
        if word.text.upper() in _WRITING:
            raise ValueError(phrase("checks.sql-writing", word=word.text, position=word.position))
    return sql


def filled_for(sql: str, params: Mapping[str, object], *, percent: bool) -> str:
    """The statement with its `:names` as the driver wants them (`%(name)s` with `percent`).

    Raises ValueError(Phrase) for a name without a value.
    """
    return "".join(_filled(piece, params, percent=percent) for piece in statement(sql))


def _filled(piece: Piece, params: Mapping[str, object], *, percent: bool) -> str:
    if piece.kind == "name":
        name = piece.text[1:]
        if name not in params:
            raise ValueError(phrase("checks.sql-no-param", name=name, position=piece.position))
        return f"%({name})s" if percent else piece.text
    return piece.text.replace("%", "%%") if percent else piece.text
