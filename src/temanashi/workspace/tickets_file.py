"""Loading `runbooks/site/tickets.yaml`: which task each kind of ticket means."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import ValidationError

from temanashi.errors import Location
from temanashi.problems import Problem, problems_of
from temanashi.workspace.faults import Fault
from temanashi.workspace.importing.tickets.kinds import TicketKinds, kind_problems
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["TICKETS", "load_tickets"]

TICKETS = "runbooks/site/tickets.yaml"


def load_tickets(source: YamlSource | None, tasks: Collection[str] | None, faults: list[Fault]) -> TicketKinds:
    """What the file says; a kind with a mistake means no task, and the others count. `tasks`: None where not all are known."""
    if source is None:
        return TicketKinds()
    try:
        told = TicketKinds.model_validate(source.data)
    except ValidationError as error:
        faults += [_fault(problem, source) for problem in problems_of(error, model=TicketKinds)]
        return TicketKinds()
    problems = list(kind_problems(told, tasks))
    faults += [_fault(problem, source) for problem in problems]
    bad = {problem.loc[1] for problem in problems}
    return TicketKinds(
        kinds={kind: task for kind, task in told.kinds.items() if kind not in bad},
        ignore=tuple(kind for number, kind in enumerate(told.ignore) if number not in bad),
    )


def _fault(problem: Problem, source: YamlSource) -> Fault:
    return Fault(Location(TICKETS, source.line(problem.loc), problem.field), problem.message, problem.close)
