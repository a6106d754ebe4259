"""What changes from one version to the next: runbooks by id, and files line by line."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Difference", "FileDifference", "Known", "difference"]

MAX_LINES = 200
"""Lines of difference kept of one file; what is kept of the whole is bounded by the number of files."""
MAX_COMPARED = 5_000
"""Lines of a file beyond which its difference is not worked out."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Known(_Frozen):
    """A runbook of a version, as much as comparing needs. `guarded`: it says who may run it, or who must approve."""

    file: str
    version: str
    privileged: bool = False
    guarded: bool = False


class FileDifference(_Frozen):
    """A file that was added, changed or removed; `text` is a unified diff, cut at 200 lines."""

    file: str
    change: Literal["added", "changed", "removed"]
    text: str
    truncated: bool = False


class Difference(_Frozen):
    """Ids of runbooks, in order. `disabled` were enabled before and their files are broken or clash now."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    files: tuple[FileDifference, ...] = ()


def difference(
    before: Mapping[str, Known], after: Mapping[str, Known], *, old_texts: Mapping[str, str], new_texts: Mapping[str, str]
) -> Difference:
    """What changes between two versions."""
    gone = sorted(before.keys() - after.keys())
    changed = sorted(file for file in old_texts.keys() | new_texts.keys() if old_texts.get(file) != new_texts.get(file))
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if after[name].version != before[name].version)),
        removed=tuple(name for name in gone if before[name].file not in new_texts),
        disabled=tuple(name for name in gone if before[name].file in new_texts),
        files=tuple(_file(file, old_texts.get(file), new_texts.get(file)) for file in changed),
    )


def _file(file: str, old: str | None, new: str | None) -> FileDifference:
    change: Literal["added", "changed", "removed"] = "added" if old is None else "removed" if new is None else "changed"
    before, after = (old or "").splitlines(), (new or "").splitlines()
    if max(len(before), len(after)) > MAX_COMPARED:
        return FileDifference(file=file, change=change, text="", truncated=True)
    lines = list(
        unified_diff(before, after, file if old is not None else "/dev/null", file if new is not None else "/dev/null", lineterm="")
    )
    return FileDifference(file=file, change=change, text="\n".join(lines[:MAX_LINES]), truncated=len(lines) > MAX_LINES)
