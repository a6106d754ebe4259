"""The form by which a person answers a manual step in Prefect's Resume dialog."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field, ValidationError, create_model

from temanashi.runs.decisions import Verb
from temanashi.runs.results import Waiting
from temanashi.text import LANGUAGES, Lang, say

__all__ = ["Answer", "ask"]


class Answer(NamedTuple):
    """What somebody wrote in the form; `human_seconds` None where they left it to the runbook's estimate."""

    verdict: Verb
    name: str
    note: str
    human_seconds: int | None


def ask(
    waiting: Waiting, *, languages: tuple[Lang, ...], page: str, whole: bool = True, is_open: Callable[[], bool] | None = None
) -> Answer | None:
    """The answer of a person. The first call suspends the flow run and ends this process; after Resume it returns.

    `page` is where the checklist is worked through line by line; where it cannot be answered as a `whole`, the form only refuses.

    With `is_open` people sign in: the gate has decided before Resume came through, and None is returned once the wait is over.

    Prefect gets no timeout: its own would fail the run, and expiry is the journal's business.
    """
    form = _form(languages, whole=whole, named=is_open is None)
    key = "orchestration.checklist-page" if whole else "orchestration.checklist-page-only"
    prompt = "\n\n---\n\n".join(dict.fromkeys(f"{waiting.prompt.text(lang)}\n\n{say(key, lang, page=page)}" for lang in languages))
    for attempt in itertools.count(1):
        key = f"{waiting.run}-{waiting.step}-{attempt}"
        try:
            given = cast("Any", suspend_flow_run(wait_for_input=form.with_initial_data(description=prompt), timeout=None, key=key))
        except (ObjectNotFound, ValidationError):
            # Somebody set the run's state by hand instead of answering: ask again, under a key that was not used up.
            continue
        if is_open is not None:
            if is_open():
                continue
            return None
        return Answer(_verb(given.answer), given.name.strip(), given.note.strip(), round(given.minutes * 60) or None)
    raise AssertionError  # itertools.count never ends


def _both(key: str, languages: tuple[Lang, ...]) -> str:
    return " / ".join(dict.fromkeys(say(key, lang) for lang in languages))


def _form(languages: tuple[Lang, ...], *, whole: bool = True, named: bool = True) -> type[RunInput]:
    done, refused = (_both(f"orchestration.answer-{verb}", languages) for verb in ("done", "refused"))
    fields: dict[str, Any] = {
        "answer": (
            Literal[done, refused] if whole else Literal[refused],
            Field(
                title=_both("orchestration.form-answer", languages),
                description=_both("orchestration.form-answer-hint", languages),
                json_schema_extra={"enum": [done, refused] if whole else [refused]},  # of one choice pydantic makes a constant
            ),
        ),
        "name": (
            str,
            Field(
                min_length=1,
                max_length=100,
                title=_both("orchestration.form-name", languages),
                description=_both("orchestration.form-name-hint", languages),
            ),
        ),
        "note": (str, Field(default="", max_length=2000, title=_both("orchestration.form-note", languages))),
        "minutes": (
            float,
            Field(
                default=0,
                ge=0,
                le=1440,
                title=_both("orchestration.form-minutes", languages),
                description=_both("orchestration.form-minutes-hint", languages),
            ),
        ),
    }
    if not named:
        del fields["name"]
    return cast("type[RunInput]", create_model("Confirmation", __base__=RunInput, **fields))


def _verb(answer: str) -> Verb:
    """Which of the two was chosen, in whatever languages the form was shown when it was sent."""
    done = {say("orchestration.answer-done", lang) for lang in LANGUAGES}
    return "done" if done & set(answer.split(" / ")) else "refused"
