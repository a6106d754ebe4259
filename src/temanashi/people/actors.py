"""Who acts: a name, and how sure we are that it is them."""

from __future__ import annotations

import getpass
import os
import pwd
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from temanashi.people.directory import People

__all__ = ["Actor", "Assurance", "Channel", "current_actor"]

Assurance = Literal["verified", "asserted"]
Channel = Literal["form", "page", "cli", "phone", "schedule", "alert", "api"]


class Actor(BaseModel):
    """A person or a part of the system. `verified`: they signed in; else a name is only `asserted`.

    `account` is the operating system's user at a terminal, whatever name was given there, or the user who signed in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    kind: Literal["person", "system"] = "person"
    assurance: Assurance = "asserted"
    account: str = Field(default="", max_length=200)


def current_actor(name: str | None = None, *, people: People | None = None) -> Actor:
    """The person at this terminal: the given name, else `TEMA_ACTOR`, else the operating system's user; always asserted.

    Somebody whom `people` lists gets the name that is listed.
    """
    actor = Actor(name=name or os.environ.get("TEMA_ACTOR") or getpass.getuser(), account=_account())
    return actor if people is None else people.known(actor)


def _account() -> str:
    """The user of this process, whatever `USER` says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number without a name
        return str(os.getuid())
