"""Loading `runbooks/site/accounts.yaml`: every mistake with its line; with one nothing is registered, and all else is as it was."""

from __future__ import annotations

from pydantic import ValidationError

from temanashi.accounts.reviews.register import NO_REGISTER, Register, register_problems
from temanashi.errors import Location
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.selecting import HostError
from temanashi.people import People
from temanashi.problems import Problem, problems_of
from temanashi.text import Lang
from temanashi.text.local import phrase
from temanashi.workspace.faults import Fault
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["REGISTER", "load_register"]

REGISTER = "runbooks/site/accounts.yaml"


def load_register(
    source: YamlSource | None, people: People, inventory: Inventory, languages: tuple[Lang, ...], faults: list[Fault]
) -> Register:
    """What the file says; nothing where there is none, or a mistake, which goes to `faults`."""
    if source is None:
        return NO_REGISTER
    try:
        register = Register.model_validate(source.data)
    except ValidationError as error:
        problems = problems_of(error, model=Register)
    else:
        problems = [*register_problems(register, people, languages), *_unknown_hosts(register, inventory)]
        if not problems:
            return register
    faults += [Fault(Location(REGISTER, source.line(p.loc), p.field), p.message, p.close) for p in problems]
    return NO_REGISTER


def _unknown_hosts(register: Register, inventory: Inventory) -> list[Problem]:
    if not register.policy.hosts:
        return []
    try:
        inventory.select(register.policy.hosts)
    except HostError as error:
        return [Problem(("policy", "hosts"), phrase(error.key, **error.data))]
    return []
