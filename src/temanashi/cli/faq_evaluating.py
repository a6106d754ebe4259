"""`tema faq evaluate`: how often the search is right, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from temanashi.faq.evaluating.evaluation import Evaluation
    from temanashi.faq.evaluating.files import Material
    from temanashi.faq.evaluating.measures import Measures

__all__ = ["EvaluationFiles", "register"]

Entries = Annotated[Path | None, typer.Option("--entries", metavar="E.jsonl", help=say_here("faq.help-entries"))]
Queries = Annotated[Path | None, typer.Option("--queries", metavar="Q.jsonl", help=say_here("faq.help-queries"))]
Relevance = Annotated[Path | None, typer.Option("--relevance", metavar="R.jsonl", help=say_here("faq.help-relevance"))]
Plain = Annotated[bool, typer.Option("--plain", help=say_here("faq.help-plain"))]


class EvaluationFiles(InputError):
    """One or two of the three files of an evaluation."""

    key = "faq.evaluation-files"


def register(faq: typer.Typer) -> None:
    """Add the command."""
    faq.command("evaluate", help=say_here("faq.help-evaluate"))(evaluate)


def evaluate(
    entries: Entries = None,
    queries: Queries = None,
    relevance: Relevance = None,
    plain: Plain = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Measure the search with questions whose answers are known: of three files, or of the workspace's own inquiries."""
    if entries is None and queries is None and relevance is None:
        _measure(_logged(workspace), plain=plain, json=json)
        return
    if entries is None or queries is None or relevance is None:
        raise EvaluationFiles
    from temanashi.faq.evaluating.files import read_material

    _measure(read_material(entries, queries, relevance), plain=plain, json=json)


def _logged(workspace: Root) -> Material:
    """The published entries, and the inquiries that were judged."""
    from temanashi.faq.engine import documents_of
    from temanashi.faq.evaluating.files import Material
    from temanashi.faq.evaluating.logged import judged_inquiries
    from temanashi.workspace.inquiry_book import InquiryBook
    from temanashi.workspace.live import live_entries
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as installation, installation.database.reading() as connection:
        entries = live_entries(connection)
        inquiries = InquiryBook().read(installation.ledger, connection)
        questions = judged_inquiries(inquiries.values(), entries)
        return Material(documents_of(entries.values(), installation.settings.languages), questions, 0)


def _measure(material: Material, *, plain: bool, json: bool) -> None:
    from time import perf_counter

    from temanashi.faq.evaluating.evaluation import evaluated
    from temanashi.faq.searching.choosing import plain_maker
    from temanashi.faq.searching.search import Search

    before = perf_counter()
    search = Search.over(material.documents, maker=plain_maker() if plain else None)
    built = perf_counter() - before
    evaluation = evaluated(search, material.questions, seconds=perf_counter)
    if json:
        told: dict[str, Any] = {
            "entries": len(material.documents),
            "ignored": material.ignored,
            "seconds_to_index": round(built, 3),
        }
        emit(told | evaluation.as_json())
    else:
        _show(evaluation, material, built)


def _show(evaluation: Evaluation, material: Material, built: float) -> None:
    told = {"entries": len(material.documents), "questions": len(material.questions), "method": evaluation.method or "-"}
    answer(say_here("faq.evaluated", **told, seconds=f"{built:.1f}", milliseconds=f"{evaluation.milliseconds:.1f}"))
    if material.ignored:
        answer(say_here("faq.evaluated-ignored", count=material.ignored))
    if not material.questions:
        answer(say_here("faq.evaluated-none"))
        return
    groups = [(say_here("faq.overall"), evaluation.overall)]
    several = evaluation.by_language_and_split
    groups += list(several.items()) if len(several) > 1 else []
    for name, measures in groups:
        answer()
        answer(f"{name}  {say_here('faq.counts', covered=measures.covered, uncovered=measures.uncovered)}")
        for line in _lines(measures):
            answer(f"  {line}")


def _lines(measures: Measures) -> list[str]:
    bar = measures.at_bar
    ranks = {"sr1": measures.sr_at_1, "sr3": measures.sr_at_3, "sr5": measures.sr_at_5, "mrr": measures.mrr}
    ranking = {name: _figure(value) for name, value in (ranks | {"ndcg": measures.ndcg_at_10}).items()}
    shares = {name: _share(getattr(bar, name)) for name in bar._fields if not name.endswith("_count")}
    return [
        say_here("faq.measures-ranking", **ranking),
        say_here("faq.measures-refusal", auroc=_figure(measures.refusal_auroc)),
        say_here("faq.measures-bar", **shares),
    ]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"
