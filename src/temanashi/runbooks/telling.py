"""A runbook in words, for those who run it: what each step does and when, who may run it, and who must approve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from temanashi.people import AUTOMATIC, People
from temanashi.runbooks.approval import Approval
from temanashi.runbooks.model import Runbook, StepItem
from temanashi.text import Lang, LocalText, say

__all__ = ["ToldStep", "tell_approval", "tell_rights", "tell_steps", "tell_who"]


class ToldStep(NamedTuple):
    """One step: its title, the word for its kind, what a person is asked to do, and what else is to know, a sentence each."""

    title: str
    kind: str
    text: str
    notes: tuple[str, ...]


def tell_steps(runbook: Runbook, lang: Lang) -> list[ToldStep]:
    """The steps in order."""
    return [_step(item, runbook, lang) for item in runbook.steps]


def _step(item: StepItem, runbook: Runbook, lang: Lang) -> ToldStep:
    key = f"runbooks.kind-{item.kind}"
    word = say(key, lang)
    text = getattr(item.spec, "text", None)
    return ToldStep(
        title=item.title.text(lang) if item.title else item.id,
        kind=item.kind if word == key else word,
        text=text.text(lang) if isinstance(text, LocalText) else "",
        notes=tuple(say(f"telling.{name}", lang, **data) for name, data in _notes(item, runbook)),
    )


def _notes(item: StepItem, runbook: Runbook) -> Iterator[tuple[str, dict[str, object]]]:
    if item.targets and item.targets != runbook.targets:
        yield "targets", {"targets": item.targets}
    if item.when is not None:
        yield "when", {"condition": item.when}
    if item.for_each is not None:
        yield "for-each", {"items": item.for_each if isinstance(item.for_each, str) else [str(one) for one in item.for_each]}
    if (fan := item.fan_out) is not None:
        if fan.canary:
            yield "canary", {"count": fan.canary}
        if fan.batch:
            yield "batch", {"count": fan.batch}
        if fan.max_failed != "0":
            yield "max-failed", {"limit": fan.max_failed}
    if item.retries is not None:
        yield "retries", {"times": item.retries.times}
    yield from _afterwards(item)


def _afterwards(item: StepItem) -> Iterator[tuple[str, dict[str, object]]]:
    if item.on_failure != "stop":
        yield f"on-failure-{item.on_failure}", {}
    if item.always:
        yield "always", {}
    if getattr(item.spec, "reads", False):
        yield "reads", {}
    if getattr(item.spec, "undo", None) is not None:
        yield "undo", {}
    if (called := getattr(item.spec, "runbook", None)) is not None:
        yield "calls", {"runbook": str(called)}
    if minutes := getattr(item.spec, "minutes", None):
        yield "minutes", {"minutes": f"{minutes:g}" if isinstance(minutes, (int, float)) else str(minutes)}


def tell_rights(runbook: Runbook, people: People, lang: Lang) -> str:
    """Who may run it."""
    if runbook.allow is None:
        return say("telling.everybody", lang)
    return say("telling.allowed", lang, who=tell_who(runbook.allow, people, lang))


def tell_approval(rule: Approval | None, people: People, lang: Lang) -> str:
    """Who must approve, how many, and until when."""
    if rule is None:
        return say("telling.no-approval", lang)
    if rule.expires.hours is not None:
        until = say("telling.expires-hours", lang, hours=f"{rule.expires.hours:g}")
    else:
        until = say("telling.expires-days", lang, days=rule.expires.business_days)
    told = say("telling.approval", lang, who=tell_who(rule.by, people, lang), count=rule.count)
    return f"{told}{until}" if lang == "ja" else f"{told} {until}"


def tell_who(who: Sequence[str], people: People, lang: Lang) -> str:
    """Words such as `group:ops`, with the names of those whom they mean."""
    return ("、" if lang == "ja" else ", ").join(_word(word, people, lang) for word in who)


def _word(word: str, people: People, lang: Lang) -> str:
    sort, colon, name = word.partition(":")
    if word in AUTOMATIC:
        return say(f"telling.by-{word}", lang)
    if not colon:
        return people.name(word)
    members = ("、" if lang == "ja" else ", ").join(people.name(person) for person in sorted(people.members((word,))))
    return say(f"telling.{sort}", lang, name=name, members=members or say("telling.nobody", lang))
