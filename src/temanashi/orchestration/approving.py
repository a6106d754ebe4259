"""Prefect's Resume dialog as a way to approve: the plan in sentences, and the same rules as everywhere else."""

from __future__ import annotations

import itertools
from typing import Any, Literal, cast

from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field, ValidationError, create_model

from temanashi.errors import InputError, RunError
from temanashi.people import Actor
from temanashi.reports.display import Display
from temanashi.runs.approvals.faults import AlreadyVoted, ApprovalExpired, PlanChanged
from temanashi.runs.approvals.reading import ApprovalView, approval_of
from temanashi.runs.decisions import Verb, decide
from temanashi.runs.engine import Engine
from temanashi.runs.results import NotWaiting, Waiting
from temanashi.text import LANGUAGES, Lang, explain, say

__all__ = ["approval_key", "ask_approval", "describe_approval"]

MOST_LINES = 100


def approval_key(waiting: Waiting, attempt: int) -> str:
    """The key under which Prefect keeps one answer: another request, or another attempt, is another key."""
    return f"{waiting.run}-{waiting.step}-{waiting.number}r{attempt}"


def ask_approval(engine: Engine, waiting: Waiting, *, languages: tuple[Lang, ...], signed_in: bool = False) -> None:
    """Ask until an answer counts, or until there is nothing to answer any more; the first call suspends the flow run.

    Prefect calls the flow again from its top, and answers of before are given once more: they count once, because a vote does.
    With `signed_in` the gate has decided, under the name of who signed in, before Resume came through: here it only wakes the run.
    """
    form = _form(languages, named=not signed_in)
    told: str | None = ""
    for attempt in itertools.count(1):
        with engine.database.reading() as connection:
            view = approval_of(engine, connection, waiting.run)
        if view is None or view.number != waiting.number or view.step != waiting.step:
            return
        text = "\n\n---\n\n".join(describe_approval(view, lang, engine) for lang in languages)
        shown = form.with_initial_data(description=f"{told}\n\n{text}".strip())
        try:
            given = cast("Any", suspend_flow_run(wait_for_input=shown, timeout=None, key=approval_key(waiting, attempt)))
            told = "" if signed_in else _decided(engine, waiting, given, languages)
        except (ObjectNotFound, ValidationError):
            continue  # somebody set the run's state by hand instead of answering
        except (NotWaiting, ApprovalExpired, PlanChanged):
            return
        if told is None:
            return


def _decided(engine: Engine, waiting: Waiting, given: Any, languages: tuple[Lang, ...]) -> str | None:
    """None where the answer counted; else what to tell whoever answers next."""
    verdict: Verb = _verb(given.answer)
    try:
        decide(
            engine,
            waiting.run,
            actor=Actor(name=given.name.strip()),
            channel="form",
            verdict=verdict,
            note=given.note.strip(),
            digest=waiting.digest,
        )
    except (NotWaiting, ApprovalExpired, PlanChanged):
        raise
    except AlreadyVoted:
        return ""  # mostly an answer of before, read once more; those that count are listed
    except (InputError, RunError) as error:
        sentences = [explain(error, lang) for lang in languages]
        return "\n\n".join(f"**{one.what}** {one.next}" for one in sentences)
    return None


def describe_approval(view: ApprovalView, lang: Lang, engine: Engine) -> str:
    """What is to be approved, as Markdown."""
    until = Display(lang, engine.zone).moment(view.until)
    lines = [view.prompt.text(lang) if view.prompt is not None else view.title.text(lang), ""]
    lines += [say("orchestration.approval-until", lang, until=until)]
    lines += [say("orchestration.approval-who", lang, needed=view.needed, approvers=list(view.approvers))]
    lines += [f"- {say(f'orchestration.approval-vote-{vote.verdict}', lang, name=vote.name)}" for vote in view.votes]
    if view.again:
        lines += ["", say("orchestration.approval-changed", lang), ""]
        lines += [f"- {sentence.text(lang)}" for sentence in view.changed] or [say("orchestration.approval-same", lang)]
    lines += ["", say("orchestration.approval-plan", lang, count=len(view.plan), digest=view.digest[7:19]), ""]
    lines += [f"{number}. {sentence.text(lang)}" for number, sentence in enumerate(view.plan[:MOST_LINES], 1)]
    return "\n".join(lines)


def _both(key: str, languages: tuple[Lang, ...]) -> str:
    return " / ".join(dict.fromkeys(say(key, lang) for lang in languages))


def _form(languages: tuple[Lang, ...], *, named: bool = True) -> type[RunInput]:
    approved, refused = (_both(f"orchestration.answer-{verb}", languages) for verb in ("approved", "refuse"))
    name, hint = (_both(f"orchestration.form-{word}", languages) for word in ("name", "name-hint"))
    note, why = _both("orchestration.form-note", languages), _both("orchestration.approval-note", languages)
    fields: dict[str, Any] = {
        "answer": (Literal[approved, refused], Field(title=_both("orchestration.form-answer", languages))),
        **({"name": (str, Field(min_length=1, max_length=100, title=name, description=hint))} if named else {}),
        "note": (str, Field(default="", max_length=2000, title=note, description=why)),
    }
    return cast("type[RunInput]", create_model("Approval", __base__=RunInput, **fields))


def _verb(answer: str) -> Verb:
    """Which of the two was chosen, in whatever languages the form was shown when it was sent."""
    approved = {say("orchestration.answer-approved", lang) for lang in LANGUAGES}
    return "approved" if approved & set(answer.split(" / ")) else "refused"
