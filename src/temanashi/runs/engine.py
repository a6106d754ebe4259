"""What runs act with: every effect in one value that is passed in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import Connection

from temanashi.accounts.directories_file import NO_DIRECTORIES, Directories
from temanashi.accounts.refusals import Refusals
from temanashi.accounts.roles import NO_ROLES, Roles
from temanashi.changes import Step
from temanashi.clock import Clock
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Transport
from temanashi.ledger.database import Database
from temanashi.ledger.ledger import Ledger
from temanashi.notices import Notifier
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.offering import Offers
from temanashi.runbooks.steps.channels import no_channels
from temanashi.runbooks.steps.contract import Effects, PlanContext, StepKind
from temanashi.runs.active_time import IDLE_SECONDS
from temanashi.runs.check_means import check_means
from temanashi.runs.directory import Directory, nobody
from temanashi.runs.events import Event, Observer
from temanashi.runs.frozen import FrozenRun
from temanashi.runs.remembering import recall
from temanashi.runs.signatures import Signatures
from temanashi.secrets import Redactor, SecretMissing, resolve

__all__ = ["Engine"]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Database, ledger, kinds of step, how hosts are reached, the clock, redaction, the time zone of days, and who listens.

    `here` is what templates know of this machine besides the inventory: `{{ host.vars.tema_port }}` of `localhost`.
    `workers` bounds the hosts that one step works on at a time: as many may hang without delaying another. `connect` also gets
    an event: when it is set, commands under way end. `offers` tells what can be chosen now in a version of the workspace, and
    `directory` who is who in the live one, `roles` what comes with a role there, and `directories` which there are besides hosts;
    their files are relative to `root`. With `signatures`, decisions count only when
    the gate signed them.
    """

    database: Database
    ledger: Ledger
    kinds: Mapping[str, StepKind]
    connect: Callable[[Host, threading.Event], Transport]
    clock: Clock
    redactor: Redactor
    zone: ZoneInfo
    observers: tuple[Observer, ...] = ()
    workers: int = 64
    here: Mapping[str, JsonValue] = field(default_factory=dict)
    secret: Callable[[str], str] = resolve
    offers: Callable[[str], Offers | None] = field(default=lambda version: None)  # noqa: ARG005
    directory: Callable[[Connection], Directory] = nobody
    roles: Callable[[Connection], Roles] = field(default=lambda connection: NO_ROLES)  # noqa: ARG005
    directories: Callable[[Connection], Directories] = field(default=lambda connection: NO_DIRECTORIES)  # noqa: ARG005
    root: Path = Path()
    refusals: Refusals = field(default_factory=Refusals)
    channel: Callable[[str], Notifier] = no_channels
    idle_seconds: int = IDLE_SECONDS
    signatures: Signatures | None = None

    def tell(self, event: Event) -> None:
        """Tell every observer. One that fails is logged and stops nothing: it only shows what the journal has."""
        for observer in self.observers:
            try:
                observer.notice(event)
            except Exception:
                logging.getLogger(__name__).exception("an observer of runs failed")

    def today(self) -> date:
        """The day in the workspace's time zone."""
        return self.clock.now().astimezone(self.zone).date()

    def step(self, item: StepItem, run: FrozenRun, *, halt: threading.Event | None = None) -> Step[PlanContext]:
        """The step of an item, ready to act; setting `halt` ends the commands that it has under way."""
        event = halt or threading.Event()
        effects = Effects(
            connect=lambda host: self.connect(host, event),
            host=lambda name: run.inventory.select(name)[0],
            secret=self._revealed,
            clock=self.clock,
            redactor=self.redactor,
            channel=self.channel,
            run=run.id,
            halt=event,
            called=run.called,
            means=check_means(self.database, secret=self._revealed, zone=self.zone, directory=self.directory),
            roles=self._roles,
            directories=self._directories,
            root=self.root,
            refusals=self.refusals,
            remembered=lambda step, target: self._remembered(run.runbook.id, step, target),
        )
        return self.kinds[item.kind].build(item, effects)

    def _roles(self) -> Roles:
        with self.database.reading() as connection:
            return self.roles(connection)

    def _directories(self) -> Directories:
        with self.database.reading() as connection:
            return self.directories(connection)

    def _remembered(self, runbook: str, step: str, target: str) -> dict[str, dict[str, Any]]:
        with self.database.reading() as connection:
            return recall(connection, runbook, step, target)

    def know(self, refs: Iterable[str]) -> None:
        """Redact these secrets from now on: one may show before its step asks for it. What is missing is that step's matter."""
        for ref in refs:
            with suppress(SecretMissing):
                self._revealed(ref)

    def _revealed(self, ref: str) -> str:
        value = self.secret(ref)
        self.redactor.add(value)
        return value
