"""What became of each check since the sheet before: new, worse, better, still, lost, resolved, gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from temanashi.reports.morning_words import BAD, MEASURED_BAD, RANK
from temanashi.runs.check_rows import CheckKey, CheckSeen

if TYPE_CHECKING:
    from temanashi.reports.morning import Mark

__all__ = ["Change", "Item", "Since", "change_of", "changed_items", "gone_rows"]

Change = Literal["", "new", "worse", "better", "still", "lost", "resolved"]
"""`lost`: was measured and wrong, and now nobody knows. It is no improvement."""


class Since(NamedTuple):
    """For how many business days in a row, this one included; `more`: at least so many."""

    days: int
    more: bool = False


TODAY = Since(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One check with what became of it; `before` is its word on the business day before (empty: it was not on that sheet)."""

    row: CheckSeen
    change: Change = ""
    before: str = ""
    since: Since = TODAY
    mark: Mark | None = None


def change_of(now: str, before: str | None) -> Change:
    """From one word to the other; `before` is None where there is nothing to compare with."""
    if now not in BAD:
        settled = before in BAD and now == "OK"
        return "resolved" if settled else "lost" if before in MEASURED_BAD else ""
    if before not in BAD:
        return "new"
    if now == before:
        return "still"
    if now not in MEASURED_BAD:
        return "lost" if before in MEASURED_BAD else "still"
    if before not in MEASURED_BAD:
        return "new"
    return "worse" if RANK[now] < RANK[str(before)] else "better"


def changed_items(
    now: Mapping[CheckKey, CheckSeen],
    then: Mapping[CheckKey, CheckSeen] | None,
    since: Mapping[CheckKey, Since],
    mark: Callable[[CheckSeen], Mark | None],
) -> list[Item]:
    """Every check of the day. Where there is no day before, nothing is called new."""
    found = []
    for key, row in now.items():
        before = then.get(key) if then is not None else None
        change = change_of(row.word, before.word if before is not None else None) if then is not None else ""
        if not change and row.word not in BAD:
            found.append(Item(row=row, before=before.word if before is not None else ""))
            continue
        days = since.get(key, Since(2)) if row.word in BAD and before is not None and before.word in BAD else TODAY
        found.append(
            Item(
                row=row,
                change=change,
                before=before.word if before is not None else "",
                since=days,
                mark=mark(row) if row.word in BAD else None,
            )
        )
    return found


def gone_rows(now: Mapping[CheckKey, CheckSeen], then: Mapping[CheckKey, CheckSeen]) -> Iterator[CheckSeen]:
    """Checks of the day before that this day does not have at all: that nobody looks any more is no good news."""
    whole = {key._replace(check="") for key in now if key.check == ""}
    return (row for key, row in then.items() if key not in now and key._replace(check="") not in whole)
