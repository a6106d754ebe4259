"""Rundeck's node filters as selectors of ours, where one can say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from temanashi.workspace.importing.rundeck.collecting import Collected, seconds_of, text_of, truth

__all__ = ["LOCAL", "fan_out_of", "selector_of"]

LOCAL = "localhost"
TERM = re.compile(r"(?:(!?)([A-Za-z][\w.-]*):\s*)?(\"[^\"]*\"|'[^']*'|\S+)")
PLAIN = re.compile(r"\w[\w.-]*")
TAG = re.compile(r"\w[\w.-]*")
NAMES = {"name", "nodename", "hostname"}
DISPATCH = frozenset(
    ("threadcount", "keepgoing", "excludePrecedence", "rankAttribute", "rankOrder", "successOnEmptyNodeFilter", "nodeIntersect")
)
FILTERS = frozenset(("filter", "filterExclude", "dispatch", "include", "exclude", "excludeFilterUncheck"))


def selector_of(filters: Mapping[str, Any], collected: Collected, *, instead: str, place: str = "nodefilters") -> str:
    """The selector of a filter. What cannot be said becomes `instead`, a group that somebody must define before it runs."""
    collected.unknown(filters, FILTERS, place)
    terms = [*_terms(text_of(filters.get("filter")), taken=False), *_terms(text_of(filters.get("filterExclude")), taken=True)]
    for name, taken in (("include", False), ("exclude", True)):
        given = filters.get(name)
        if isinstance(given, Mapping):
            terms += [(taken, str(key), text_of(value)) for key, value in given.items()]
    selector = _selector(terms)
    if selector is None:
        written = " ".join(f"{'!' if taken else ''}{key}: {value}" for taken, key, value in terms)
        collected.tell("left", place, "rundeck-filter", filter=written[:120], group=instead)
        return instead
    collected.tell("noted", place, "rundeck-hosts", selector=selector)
    return selector


def _terms(text: str, *, taken: bool) -> list[tuple[bool, str, str]]:
    found = []
    for match in TERM.finditer(text):
        value = match[3].strip("\"'")
        found.append((taken != bool(match[1]), (match[2] or "name").lower(), value))
    return found


def _selector(terms: list[tuple[bool, str, str]]) -> str | None:
    """Positive terms must all hold in Rundeck, and any may hold here, so one attribute is all that can be said."""
    wanted = {"name" if key == "nodename" else key for taken, key, _ in terms if not taken}
    if len(wanted) > 1 or not terms or "${" in str(terms):
        return None
    parts: list[str] = []
    for taken, key, value in terms:
        found = _values(key, value)
        if found is None:
            return None
        parts += [f"!{part}" if taken else part for part in found]
    return ",".join(dict.fromkeys(parts))


def _values(key: str, value: str) -> list[str] | None:
    if key == "tags":
        tags = [part.strip() for part in value.split(",")]
        return [f"tag:{tag}" for tag in tags] if all(TAG.fullmatch(tag) for tag in tags) else None
    if key not in NAMES:
        return None
    names = [_name(part.strip()) for part in value.split(",")]
    return [name for name in names if name] if all(names) else None


def _name(text: str) -> str | None:
    """A name, or a regular expression that is no more than a glob."""
    text = text.removeprefix("/").removesuffix("/").removeprefix("^").removesuffix("$")
    if text in {".*", ".+"}:
        return "all"
    glob = text.replace(".*", "*").replace("\\.", ".")
    if PLAIN.fullmatch(text):
        return text
    return glob if re.fullmatch(r"[\w*][\w.*-]*", glob) else None


def fan_out_of(filters: Mapping[str, Any], collected: Collected) -> dict[str, Any]:
    """How many nodes at a time, and whether others go on when one fails. Rundeck's default is one at a time."""
    dispatch = filters.get("dispatch")
    dispatch = dispatch if isinstance(dispatch, Mapping) else {}
    collected.unknown(dispatch, DISPATCH, "nodefilters.dispatch")
    threads = seconds_of(dispatch.get("threadcount", 1))
    if threads is None or threads < 1:
        collected.tell(
            "left", "nodefilters.dispatch.threadcount", "rundeck-threadcount", value=text_of(dispatch["threadcount"])[:80]
        )
        threads = 1
    rank = text_of(dispatch.get("rankAttribute"))
    if rank and rank not in {"nodename", "name"}:
        collected.tell("left", "nodefilters.dispatch.rankAttribute", "rundeck-rank", value=rank[:80])
    if text_of(dispatch.get("rankOrder")) == "descending":
        collected.tell("left", "nodefilters.dispatch.rankOrder", "rundeck-rank", value="descending")
    if truth(dispatch.get("successOnEmptyNodeFilter")):
        collected.tell("changed", "nodefilters.dispatch.successOnEmptyNodeFilter", "rundeck-empty-filter")
    return {"batch": threads} | ({"max_failed": "100%"} if truth(dispatch.get("keepgoing")) else {})
