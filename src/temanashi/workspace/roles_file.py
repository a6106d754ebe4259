"""Loading `runbooks/site/roles.yaml`: every mistake with its line; with one there is no role, and all else is as it was."""

from __future__ import annotations

from pydantic import ValidationError

from temanashi.accounts.roles import NO_ROLES, Roles, role_problems
from temanashi.errors import Location
from temanashi.problems import problems_of
from temanashi.text import Lang
from temanashi.workspace.faults import Fault
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["ROLES", "load_roles"]

ROLES = "runbooks/site/roles.yaml"


def load_roles(source: YamlSource | None, languages: tuple[Lang, ...], faults: list[Fault]) -> Roles:
    """What the file says; no role where there is none, or a mistake, which goes to `faults`."""
    if source is None:
        return NO_ROLES
    try:
        roles = Roles.model_validate(source.data)
    except ValidationError as error:
        problems = problems_of(error, model=Roles)
    else:
        problems = list(role_problems(roles, languages))
        if not problems:
            return roles
    faults += [Fault(Location(ROLES, source.line(p.loc), p.field), p.message, p.close) for p in problems]
    return NO_ROLES
