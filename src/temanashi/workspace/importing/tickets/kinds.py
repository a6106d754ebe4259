"""Which task a ticket's kind means: said for this time, written in `runbooks/site/tickets.yaml`, or a task's own id or title."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from pydantic import Field

from temanashi.books import ProposedTask
from temanashi.errors import InputError
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.model import Frozen, Slug
from temanashi.text.local import phrase

__all__ = ["IGNORED", "BadMapping", "KindMap", "TicketKinds", "folded_kind", "kind_problems", "kinds_of"]

LISTED = 5
IGNORED = "-"
"""In place of a task: tickets of this kind are not ours."""


class BadMapping(InputError):
    """`--map` without both a kind and a task that there is."""

    key = "demand.bad-mapping"

    def __init__(self, given: str, *, close: str = "") -> None:
        super().__init__(given=given, close=close)


class TicketKinds(Frozen):
    """The file `runbooks/site/tickets.yaml`: kinds of tickets by the task that they ask for, and kinds that ask for none."""

    kinds: Mapping[str, Slug] = Field(default_factory=dict, description="Task id by the ticket system's word for the kind")
    ignore: tuple[str, ...] = Field(default=(), description="Kinds of tickets that are no work of ours")


def folded_kind(text: str) -> str:
    """A kind without what people write differently: width, case, blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def kind_problems(told: TicketKinds, tasks: Iterable[str] | None) -> Iterator[Problem]:
    """Kinds that are written twice, and tasks that there are not; `tasks` is None where not all runbooks could be read."""
    seen: set[str] = set()
    known = sorted(tasks) if tasks is not None else None
    for kind, task in told.kinds.items():
        if folded_kind(kind) in seen:
            yield Problem(("kinds", kind), phrase("demand.kind-twice", kind=kind))
        seen.add(folded_kind(kind))
        if known is not None and task not in known:
            yield Problem(("kinds", kind), phrase("demand.kind-unknown-task", task=task), suggestion(task, known))
    for number, kind in enumerate(told.ignore):
        if folded_kind(kind) in seen:
            yield Problem(("ignore", number), phrase("demand.kind-twice", kind=kind))
        seen.add(folded_kind(kind))


class KindMap:
    """Tasks by kind; what was said for this time goes before the file, and the file before ids and titles."""

    def __init__(self, tasks: Mapping[str, ProposedTask], told: TicketKinds, given: Mapping[str, str]) -> None:
        self.given = given
        self._said = {folded_kind(kind): task for kind, task in given.items()}
        self._told = {folded_kind(kind): task for kind, task in told.kinds.items()} | dict.fromkeys(
            map(folded_kind, told.ignore), IGNORED
        )
        self._ids = {folded_kind(task): task for task in tasks}
        self._titles: dict[str, set[str]] = {}
        for task, proposed in tasks.items():
            title = proposed.title
            for name in {title.ja, title.en, title.plain} - {None, ""}:
                self._titles.setdefault(folded_kind(str(name)), set()).add(task)

    def tasks_of(self, kind: str) -> set[str]:
        """The task that a kind means; several for a title that several tasks have, none for a kind that nobody knows."""
        word = folded_kind(kind)
        said = self._said.get(word) or self._told.get(word) or self._ids.get(word)
        return {said} if said else self._titles.get(word, set())

    def close(self, kind: str) -> str:
        """The closest known word, else some of the tasks."""
        return (
            suggestion(folded_kind(kind), {*self._told, *self._ids, *self._titles}) or ", ".join(sorted(self._ids)[:LISTED]) or "-"
        )


def kinds_of(words: Iterable[str], tasks: Iterable[str]) -> dict[str, str]:
    """What `--map KIND=TASK` says, each once; raises BadMapping."""
    known = sorted(tasks)
    found: dict[str, str] = {}
    for given in words:
        kind, _, task = given.rpartition("=")
        kind, task = kind.strip(), task.strip()
        if not kind or (task != IGNORED and task not in known) or folded_kind(kind) in {folded_kind(each) for each in found}:
            raise BadMapping(given, close=suggestion(task, known) or ", ".join(known[:LISTED]))
        found[kind] = task
    return found
