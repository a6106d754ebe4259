"""What the checks of a run found, on the terminal: one by one when they are few, in groups when they are many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from temanashi.cli.language import language
from temanashi.cli.output import MARKS, answer, mark, say_here
from temanashi.runs.reading import RunView
from temanashi.text import Phrase

__all__ = ["check_rows", "show_checks"]

ORDER = {"CRITICAL": 0, "UNKNOWN": 1, "WARNING": 2, "PENDING": 3, "SKIPPED": 4, "OK": 5}
ONE_BY_ONE = 60
"""Rows that a person still reads one by one."""
NAMED = 5


def check_rows(view: RunView) -> list[dict[str, Any]]:
    """Every check of a run with its target."""
    return [{"target": row.target, **d} for step in view.steps for row in step.rows for d in row.details if "verdict" in d]


def show_checks(view: RunView) -> None:
    """Wrong things first, then what could not be measured, then the rest."""
    rows = sorted(check_rows(view), key=lambda row: ORDER.get(row["verdict"], len(ORDER)))
    if len(rows) <= ONE_BY_ONE:
        for row in rows:
            answer(f"  {mark(row['verdict'])}  {row['target']} {row.get('check') or ''}  {_reason(row)}", style=_style(row))
        return
    good = [row for row in rows if row["verdict"] == "OK"]
    for same in _grouped(row for row in rows if row["verdict"] != "OK"):
        _show_group(same)
    if good:
        targets = len({row["target"] for row in good})
        answer(f"  {mark('OK')}  {say_here('cli.checks-good', count=len(good), targets=targets, run=view.id)}", style="green")


def _grouped(rows: Iterable[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Rows that say the same of the same check; of hosts that could not be entered, and of what was skipped, all checks."""
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        why = (row.get("reason") or {}).get("key", "")
        same = why.startswith("hosts.") or row["verdict"] == "SKIPPED"
        found.setdefault((row["verdict"], why, "" if same else str(row.get("check"))), []).append(row)
    return found.values()


def _show_group(rows: list[dict[str, Any]]) -> None:
    first = rows[0]
    targets = list(dict.fromkeys(row["target"] for row in rows))
    checks = list(dict.fromkeys(str(row.get("check") or "") for row in rows))
    where = _named(targets, "cli.checks-more-targets")
    told = f"{first['target']}: {_reason(first)}" if len(targets) > 1 else _reason(first)
    answer(f"  {mark(first['verdict'])}  {where}  {_named(checks, 'cli.checks-more-checks')}", style=_style(first))
    answer(f"      {told}")


def _named(names: list[str], more: str) -> str:
    told = ("、" if language() == "ja" else ", ").join(names[:NAMED])
    return say_here(more, names=told, count=len(names) - NAMED) if len(names) > NAMED else told


def _reason(row: dict[str, Any]) -> str:
    return Phrase.model_validate(row["reason"]).text(language()) if row.get("reason") else ""


def _style(row: dict[str, Any]) -> str:
    return MARKS[row["verdict"]][0]
