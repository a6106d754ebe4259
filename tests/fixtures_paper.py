"""A directory of accounts in a JSON file: real enough for whatever is above directories, and as quick as a file.

Like a cloud service it has a switch and employee numbers, and nothing that ends by itself unless it is told so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel, ConfigDict

from temanashi.accounts import directory
from temanashi.accounts.directories_file import Directories
from temanashi.accounts.directory import Reached
from temanashi.accounts.faults import AccountRefused, IncompleteRead
from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.wishes import NEVER, FieldChange, Wish, differences
from temanashi.clock import SystemClock
from temanashi.text.local import LocalText, phrase

CAPS = frozenset({Cap.SWITCH, Cap.EMPLOYEE, Cap.LOCK, Cap.MUST_CHANGE})


@dataclass
class Paper:
    """One file. `broken`: reading fails; `refuses`: writing fails."""

    name: str
    file: Path
    kind: str = "saas"
    caps: frozenset[Cap] = CAPS
    broken: bool = False
    refuses: bool = False
    secrets: dict[str, str] = field(default_factory=dict)
    clock: Any = field(default_factory=SystemClock)

    def state(self) -> dict[str, Any]:
        if not self.file.exists():
            return {"accounts": {}, "groups": []}
        return json.loads(self.file.read_text())

    def write(self, state: dict[str, Any]) -> None:
        """Whole or not at all, also for who dies meanwhile."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(state, ensure_ascii=False))
        new.replace(self.file)

    def put(self, login: str, **fields: Any) -> None:
        """An account, made by hand."""
        state = self.state()
        state["accounts"][login] = {"login": login, "native_id": login, "password": "set", **fields}
        state["groups"] = sorted({*state["groups"], *fields.get("groups", ())})
        self.write(state)

    def groups(self, *names: str) -> None:
        state = self.state()
        self.write({**state, "groups": sorted({*state["groups"], *names})})

    def of(self, login: str) -> Account | None:
        found = self.state()["accounts"].get(login)
        return Account.model_validate(found) if found else None

    def read(self, scope: Scope) -> Snapshot:
        if self.broken:
            raise IncompleteRead(self.name, phrase("accounts.read-failed", detail="torn"))
        state = self.state()
        accounts = [Account.model_validate(one) for one in state["accounts"].values()]
        kept = tuple(one for one in accounts if not scope.logins or one.login in scope.logins)
        groups = {name: tuple(one.login for one in accounts if name in one.groups) for name in state["groups"]}
        return Snapshot(where=self.name, accounts=kept, groups=groups, scope=scope, taken_at=self.clock.now())

    def plan(self, wish: Wish, seen: Snapshot) -> tuple[FieldChange, ...]:
        return differences(wish, seen, caps=self.caps)

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:
        if self.refuses:
            raise AccountRefused(wish.login, self.name, "not today")
        state = self.state()
        kept = state["accounts"].get(wish.login, {"login": wish.login, "native_id": wish.login, "password": "none"})
        for change in changes:
            if change.field == "password" and change.after == "new":
                self.secrets[wish.login] = str(secret)
                kept["password"] = "set"
            elif change.field == "expires_on":
                kept["expires_on"] = None if change.after == NEVER else change.after
            elif change.field not in {"account", "failures", "sessions"}:
                kept[change.field] = change.after
        state["accounts"][wish.login] = kept
        self.write(state)
        return self.read(Scope(logins=(wish.login,)))


class Papers(Directories):
    """Directories of an engine that are such files."""

    def __init__(self, *papers: Paper) -> None:
        entries = {one.name: SimpleNamespace(name=one.name, kind=one.kind, title=LocalText(plain=one.name)) for one in papers}
        super().__init__(entries)  # type: ignore[arg-type]
        object.__setattr__(self, "papers", {one.name: one for one in papers})

    def opened(self, name: str, **_: Any) -> Any:
        self.entry(name)
        return self.papers[name]  # type: ignore[attr-defined]


class PaperSettings(BaseModel):
    """What an entry of `directories.yaml` says of such a directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str


class PaperKind:
    """The kind `paper`, as another package would bring it."""

    name = "paper"
    settings = PaperSettings

    def open(self, reached: Reached) -> Paper:
        if not isinstance(reached.settings, PaperSettings):
            raise TypeError(reached.where)
        return Paper(reached.where, reached.root / reached.settings.file, kind="paper", clock=reached.clock)


KIND = PaperKind()


@contextmanager
def paper_installed(folder: Path) -> Iterator[None]:
    """The kind is installed, as by pip."""
    info = folder / "paper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paper\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[temanashi.directories]\npaper = fixtures_paper:KIND\n", encoding="utf-8")
    sys.path.insert(0, str(folder))
    directory._loaded.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        directory._loaded.cache_clear()
