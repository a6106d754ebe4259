"""Options of a job as typed parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from temanashi.checks.fields import Pattern
from temanashi.text import Lang
from temanashi.workspace.importing.drafts import clean, local, shortened
from temanashi.workspace.importing.rundeck.collecting import Collected, listed, text_of, truth
from temanashi.workspace.importing.rundeck.references import Option

__all__ = ["parameters_of"]

KEYS = (
    "name label description required enforced values valuesListDelimiter value default regex multivalued delimiter "
    "secure valueExposed isDate dateFormat hidden sortIndex sortValues multivalueAllSelected type storagePath "
    "valuesUrl optionValuesPluginType configRemoteUrl remoteUrlAuthenticationType inputType"
)
KNOWN = frozenset(KEYS.split())
ISO = {"YYYY-MM-DD", "yyyy-MM-dd"}
_PATTERN: TypeAdapter[str] = TypeAdapter(Pattern)


def parameters_of(
    options: Any, languages: tuple[Lang, ...], collected: Collected
) -> tuple[list[dict[str, Any]], dict[str, Option]]:
    """The parameters, and what each option's name became."""
    written = (
        [{"name": name, **(given if isinstance(given, Mapping) else {})} for name, given in options.items()]
        if isinstance(options, Mapping)
        else listed(options)
    )
    parameters: list[dict[str, Any]] = []
    names: dict[str, Option] = {}
    for given in written:
        if not isinstance(given, Mapping) or not text_of(given.get("name")):
            collected.tell("left", "options", "rundeck-option-shape")
            continue
        old = text_of(given["name"])
        place = f"options.{old}"
        collected.unknown(given, KNOWN, place)
        if text_of(given.get("type")) == "file":
            collected.tell("left", place, "rundeck-file-option")
            continue
        name = _name(old, {p["name"] for p in parameters})
        if name != old:
            collected.tell("changed", place, "rundeck-option-renamed", name=name)
        parameter = _parameter(given, name, languages, collected, place)
        parameters.append(parameter)
        empty = not parameter.get("required", True) and "default" not in parameter and parameter["type"] != "boolean"
        delimiter = (str(given.get("delimiter") or "") or ",") if parameter["type"] == "list" else ""
        names[old] = Option(name, secret=parameter["type"] == "secret", may_be_empty=empty, delimiter=delimiter)
    return parameters, names


def _name(old: str, taken: set[str]) -> str:
    name = re.sub(r"[^a-z0-9_]+", "_", old.lower()).strip("_")[:50] or "option"
    name = name if name[0].isalpha() else f"option_{name}"
    return name if name not in taken else next(f"{name}_{n}" for n in range(2, 1000) if f"{name}_{n}" not in taken)


def _parameter(
    given: Mapping[str, Any], name: str, languages: tuple[Lang, ...], collected: Collected, place: str
) -> dict[str, Any]:
    kind = _kind(given)
    made: dict[str, Any] = {"name": name, "type": kind, "title": local(shortened(text_of(given.get("label")) or name), languages)}
    if hint := _hint(given):
        made["hint"] = local(hint, languages)
    if not truth(given.get("required")):
        made["required"] = False
    default = text_of(given.get("value") if given.get("value") is not None else given.get("default"))
    if kind == "secret":
        _secret(given, default, collected, place)
        return made
    if kind == "choice":
        made["choices"] = list(dict.fromkeys(_values(given)))
        if default and default not in made["choices"]:
            collected.tell("left", f"{place}.value", "rundeck-default", value=default[:80])
            default = ""
    elif kind == "list":
        return made | _several(given, default, collected, place)
    elif kind == "date":
        default = _date(given, default, collected, place)
    else:
        made |= _text(given, collected, place)
    if default:
        made["default"] = default
    _left(given, kind, collected, place)
    return made


def _kind(given: Mapping[str, Any]) -> str:
    if truth(given.get("secure")):
        return "secret"
    if truth(given.get("isDate")):
        return "date"
    if truth(given.get("multivalued")):
        return "list"
    return "choice" if truth(given.get("enforced")) and _values(given) else "string"


def _values(given: Mapping[str, Any]) -> list[str]:
    values = given.get("values")
    if isinstance(values, str):
        values = values.split(text_of(given.get("valuesListDelimiter")) or ",")
    return [text for value in listed(values) if (text := text_of(value))]


def _hint(given: Mapping[str, Any]) -> str:
    values = [] if truth(given.get("enforced")) else _values(given)
    said = shortened(text_of(given.get("description")), 150)
    return clean(" ".join(part for part in (said, f"({', '.join(values)[:120]})" if values else "") if part))


def _secret(given: Mapping[str, Any], default: str, collected: Collected, place: str) -> None:
    if path := text_of(given.get("storagePath")):
        collected.tell("left", f"{place}.storagePath", "rundeck-storage", path=path[:120])
    elif default:
        collected.tell("left", f"{place}.value", "rundeck-secret-default")
    else:
        collected.tell("changed", f"{place}.secure", "rundeck-secret")


def _date(given: Mapping[str, Any], default: str, collected: Collected, place: str) -> str:
    form = text_of(given.get("dateFormat"))
    if form not in ISO:
        collected.tell("changed", f"{place}.dateFormat", "rundeck-date-format", form=form[:60])
    if default and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", default, re.ASCII):
        collected.tell("left", f"{place}.value", "rundeck-default", value=default[:80])
        return ""
    return default


def _several(given: Mapping[str, Any], default: str, collected: Collected, place: str) -> dict[str, Any]:
    """Several values; where they are used they are joined as Rundeck joins them."""
    made: dict[str, Any] = {} if truth(given.get("required")) else {"min_items": 0}
    delimiter = str(given.get("delimiter") or "") or ","
    chosen = list(dict.fromkeys(part.strip() for part in default.split(delimiter) if part.strip()))
    if truth(given.get("enforced")) and _values(given):
        made["choices"] = list(dict.fromkeys(_values(given)))
        chosen = made["choices"] if truth(given.get("multivalueAllSelected")) else [one for one in chosen if one in made["choices"]]
    else:
        made |= _text(given, collected, place)
    _left(given, "list", collected, place)
    return made | ({"default": chosen} if chosen else {})


def _text(given: Mapping[str, Any], collected: Collected, place: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if regex := text_of(given.get("regex")):
        try:
            made["pattern"] = _PATTERN.validate_python(regex)
        except ValidationError:
            collected.tell("left", f"{place}.regex", "rundeck-regex", regex=regex[:80])
    return made


def _left(given: Mapping[str, Any], kind: str, collected: Collected, place: str) -> None:
    for key in ("valuesUrl", "optionValuesPluginType", "configRemoteUrl"):
        if given.get(key):
            collected.tell("left", f"{place}.{key}", "rundeck-remote-values")
    if truth(given.get("hidden")):
        collected.tell("noted", f"{place}.hidden", "rundeck-hidden")
    if kind == "choice" and given.get("regex"):
        collected.tell("noted", f"{place}.regex", "rundeck-regex-of-choice")
