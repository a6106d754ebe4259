"""Who acts: a name, and how sure we are that it is them. Roles and groups come with `runbooks/site/people.yaml`."""

from __future__ import annotations

import getpass
import os
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Actor", "Assurance", "Channel", "current_actor"]

Assurance = Literal["verified", "asserted"]
Channel = Literal["form", "page", "cli", "phone", "schedule", "alert", "api"]


class Actor(BaseModel):
    """A person or a part of the system. `verified` needs a sign-in; until there is one, a name is only `asserted`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    kind: Literal["person", "system"] = "person"
    assurance: Assurance = "asserted"


def current_actor(name: str | None = None) -> Actor:
    """The person at this terminal: the given name, else `TEMA_ACTOR`, else the operating system's user; always asserted."""
    return Actor(name=name or os.environ.get("TEMA_ACTOR") or getpass.getuser())
