"""Privileged runbooks that this release brings: reviewed before it was made, so the first publication of one needs nobody else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["shipped_versions"]


@cache
def shipped_versions() -> Mapping[str, str]:
    """The version digest of each privileged starter runbook by id. One that was changed is nobody's but its author's."""
    found: dict[str, str] = json.loads(files("temanashi.workspace").joinpath("shipped.json").read_text(encoding="utf-8"))
    return found
