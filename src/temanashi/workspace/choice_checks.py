"""What is wrong with where the choices of a parameter come from, as far as files can tell."""

from __future__ import annotations

from collections.abc import Iterator

from temanashi.hosts.inventory import HostError
from temanashi.problems import Problem
from temanashi.runbooks.choices import ChoicesFrom, named_parameters
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.offering import ChoicesUnavailable, Offering
from temanashi.text import Phrase

__all__ = ["choice_problems"]


def choice_problems(runbook: Runbook, offers: Offering) -> Iterator[Problem]:
    """Choices that can never be found: a selector without hosts, a table or a column that is not there, a group nobody wrote."""
    for index, parameter in enumerate(runbook.parameters):
        source = getattr(parameter, "choices_from", None)
        wrong = _wrong(source, offers) if source is not None else None
        if wrong is not None:
            yield Problem(("parameters", index, "choices_from", *wrong[0]), wrong[1])


def _wrong(source: ChoicesFrom, offers: Offering) -> tuple[tuple[str, ...], Phrase] | None:
    """The key that is wrong, and why."""
    try:
        if source.sort == "command":
            offers.inventory.select(source.host)
        elif not named_parameters(source):
            offers.offered(source, {})
        elif source.sort == "csv":
            offers.offered(source.model_copy(update={"where": dict.fromkeys(source.where, "-")}), {})
    except HostError as error:
        return ("host",), Phrase(key=error.key, data={**error.data, "at": ""})
    except ChoicesUnavailable as error:
        return (source.sort,), error.data["reason"]
    return None
