"""Directories that are no hosts, by name: `runbooks/site/directories.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from temanashi.accounts.directory import Directory, Reached, directory_kind, installed_directories, settings_model
from temanashi.accounts.faults import BrokenDirectory, DirectoryNotLoaded, NoCredential, NoSuchDirectory, UnknownDirectory
from temanashi.accounts.refusals import Refusals
from temanashi.clock import Clock
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.secrets import SecretMissing, resolve
from temanashi.text.local import Lang, LocalText, phrase

__all__ = ["NO_DIRECTORIES", "Directories", "DirectoryEntry", "directories_schema", "read_directories"]

NAME = r"[a-z][a-z0-9-]{0,59}"
SECONDS = 60.0


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str = Field(max_length=60, description="An installed kind of directory that is not reached through hosts")
    title: LocalText


@dataclass(frozen=True, kw_only=True)
class DirectoryEntry:
    """One directory: its kind, its title, and what its kind reads there."""

    name: str
    kind: str
    title: LocalText
    settings: BaseModel


@dataclass(frozen=True)
class Directories:
    """Directories of the workspace, by name. `broken` are those whose entry has a mistake: they are there, and cannot be asked."""

    entries: Mapping[str, DirectoryEntry] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order, broken ones too."""
        return tuple(sorted({*self.entries, *self.broken}))

    def entry(self, name: str) -> DirectoryEntry:
        """The directory of a name; raises UnknownDirectory and BrokenDirectory."""
        if name not in self.entries:
            raise (BrokenDirectory if name in self.broken else UnknownDirectory)(name, known=self.entries)
        return self.entries[name]

    def opened(
        self,
        name: str,
        *,
        clock: Clock,
        secrets: Callable[[str], str] = resolve,
        root: Path = Path(),
        timeout: float = SECONDS,
        refusals: Refusals | None = None,
    ) -> Directory:
        """The directory of a name, ready to be asked; touches nothing yet. Raises UnknownDirectory."""
        one = self.entry(name)
        reached = Reached(
            where=name,
            timeout=timeout,
            clock=clock,
            settings=one.settings,
            secrets=partial(_credential, name, secrets),
            root=root,
            refusals=refusals or Refusals(),
        )
        return directory_kind(one.kind).open(reached)


def _credential(where: str, secrets: Callable[[str], str], ref: str) -> str:
    try:
        return secrets(ref)
    except SecretMissing:
        raise NoCredential(where, ref) from None


NO_DIRECTORIES = Directories()


def read_directories(
    data: Mapping[str, Any], languages: tuple[Lang, ...], *, hosts: Collection[str] = ()
) -> tuple[Directories, list[Problem]]:
    """What the file says, and every mistake. One with a mistake disables itself and no other; `hosts` are names that are taken."""
    problems = [
        Problem((name,), phrase("problems.unknown-key", name=name), suggestion(name, ["directories"]))
        for name in data
        if name != "directories"
    ]
    written = data.get("directories") or {}
    if not isinstance(written, Mapping):
        return NO_DIRECTORIES, [*problems, Problem(("directories",), phrase("problems.not-mapping", name="directories"))]
    entries, broken = dict[str, DirectoryEntry](), list[str]()
    for name, value in written.items():
        found = list(_entry_problems(str(name), value, languages, hosts))
        problems += [one.under("directories", name) for one in found]
        if found:
            broken.append(str(name))
        else:
            entries[name] = _entry(name, value)
    return Directories(entries, tuple(broken)), problems


def _entry(name: str, value: Mapping[str, Any]) -> DirectoryEntry:
    head, model = _Head.model_validate(value), settings_model(directory_kind(value["kind"]))
    if model is None:
        raise TypeError(name)
    return DirectoryEntry(name=name, kind=head.kind, title=head.title, settings=model.model_validate(_rest(value)))


def _rest(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in value.items() if key not in _Head.model_fields}


def _entry_problems(name: str, value: Any, languages: tuple[Lang, ...], hosts: Collection[str]) -> Iterator[Problem]:
    if not re.fullmatch(NAME, name, re.ASCII):
        yield Problem((), phrase("accounts.directory-name", name=name[:60]))
    if name in hosts:
        yield Problem((), phrase("accounts.directory-is-host", name=name))
    try:
        head = _Head.model_validate(value)
    except ValidationError as error:
        yield from problems_of(error, model=_Head)
        return
    if missing := head.title.missing(languages):
        told: dict[str, Any] = {"missing": list(missing), "languages": list(languages)}
        yield Problem(("title",), phrase("workspace.language", name="title", **told))
    yield from _kind_problems(head.kind, value)


def _kind_problems(kind: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    known = [name for name, one in installed_directories().items() if settings_model(one) is not None]
    try:
        model = settings_model(directory_kind(kind))
    except NoSuchDirectory as error:
        yield Problem(("kind",), phrase(error.key, **{**error.data, "known": sorted(known)}), suggestion(kind, known))
        return
    except DirectoryNotLoaded as error:
        yield Problem(("kind",), phrase(error.key, **error.data))
        return
    if model is None:
        yield Problem(("kind",), phrase("accounts.directory-of-hosts", kind=kind))
        return
    try:
        model.model_validate(_rest(value))
    except ValidationError as error:
        yield from problems_of(error, model=model)


def directories_schema() -> dict[str, Any]:
    """JSON Schema of the file, with what each installed kind reads."""
    head = _Head.model_json_schema()
    definitions: dict[str, Any] = dict(head.get("$defs", {}))
    kinds = []
    for name, kind in sorted(installed_directories().items()):
        if (model := settings_model(kind)) is None:
            continue
        schema = model.model_json_schema()
        definitions |= schema.get("$defs", {})
        kinds.append(
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {**head["properties"], **schema["properties"], "kind": {"const": name}},
                "required": ["kind", "title", *schema.get("required", [])],
            }
        )
    entries = {
        "type": "object",
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": {"oneOf": kinds} if kinds else False,
    }
    properties = {"directories": {"anyOf": [entries, {"type": "null"}]}}
    return {"type": "object", "additionalProperties": False, "properties": properties, "$defs": definitions}
