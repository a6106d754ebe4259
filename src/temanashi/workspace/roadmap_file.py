"""Loading `runbooks/site/roadmap.yaml`: every mistake with its line; with one there is no roadmap, and all else is as it was."""

from __future__ import annotations

from pydantic import ValidationError

from temanashi.books import Roadmap, roadmap_problems
from temanashi.errors import Location
from temanashi.problems import problems_of
from temanashi.text import Lang
from temanashi.workspace.faults import Fault
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["ROADMAP", "load_roadmap"]

ROADMAP = "runbooks/site/roadmap.yaml"


def load_roadmap(source: YamlSource | None, languages: tuple[Lang, ...], faults: list[Fault]) -> Roadmap | None:
    """What the file says; None where there is none, or one with a mistake, which goes to `faults`."""
    if source is None:
        return None
    try:
        roadmap = Roadmap.model_validate(source.data)
    except ValidationError as error:
        problems = problems_of(error, model=Roadmap)
    else:
        problems = list(roadmap_problems(roadmap, languages))
        if not problems:
            return roadmap
    faults += [Fault(Location(ROADMAP, source.line(p.loc), p.field), p.message, p.close) for p in problems]
    return None
