"""A runbook told to its reader, as Markdown: purpose, steps, parameters, owner."""

from __future__ import annotations

from temanashi.runbooks.model import Runbook, StepItem
from temanashi.text import Lang, say

__all__ = ["describe"]


def describe(runbook: Runbook, lang: Lang) -> str:
    """Markdown for the deployment's page."""
    lines = [f"# {runbook.title.text(lang)}", "", runbook.description.text(lang), ""]
    facts = [
        (say("runbooks.owner", lang), runbook.owner),
        (say("runbooks.category", lang), say(f"runbooks.category-{runbook.category}", lang)),
        (say("runbooks.targets", lang), f"`{runbook.targets}`"),
        (say("runbooks.version", lang), f"`{runbook.version[7:19]}`"),
    ]
    if runbook.system:
        facts.insert(2, (say("runbooks.system", lang), runbook.system))
    lines += [f"- {name}: {value}" for name, value in facts]
    lines += ["", f"## {say('runbooks.steps', lang)}", ""]
    lines += [f"{number}. {_step(item, lang)}" for number, item in enumerate(runbook.steps, 1)]
    if runbook.parameters:
        lines += ["", f"## {say('runbooks.parameters', lang)}", ""]
        lines += [f"- {p.title.text(lang)} (`{p.name}`)" + (f": {p.hint.text(lang)}" if p.hint else "") for p in runbook.parameters]
    return "\n".join(lines) + "\n"


def _step(item: StepItem, lang: Lang) -> str:
    title = item.title.text(lang) if item.title else item.id
    kind = f"runbooks.kind-{item.kind}"
    told = say(kind, lang)
    return f"{title} ({item.kind if told == kind else told})"
