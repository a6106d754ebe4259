"""Opening a directory that is no host, with what a step is given to act with."""

from __future__ import annotations

from temanashi.accounts.directories_file import SECONDS
from temanashi.accounts.directory import Directory
from temanashi.runbooks.steps.contract import Effects

__all__ = ["opened_directory"]


def opened_directory(effects: Effects, name: str, *, timeout: float = SECONDS) -> Directory:
    """The directory of a name in the live `directories.yaml`; nothing is asked yet. Raises UnknownDirectory."""
    return effects.directories().opened(
        name,
        clock=effects.clock,
        secrets=effects.secret,
        root=effects.root,
        timeout=timeout,
        refusals=effects.refusals,
    )
