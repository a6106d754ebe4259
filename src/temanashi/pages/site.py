"""What the pages act with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runs.engine import Engine
from temanashi.runs.reading import RunView
from temanashi.runs.run_cache import KeptRuns
from temanashi.signin.ldap import Ldap
from temanashi.signin.oidc import Oidc
from temanashi.workspace.faq_serving import LiveFaq
from temanashi.workspace.inquiry_book import InquiryBook
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace, current_version

__all__ = ["Links", "Queued", "Site"]


class Queued(NamedTuple):
    """A request that Prefect has and no worker took yet. `at` is when it is to begin."""

    flow_run: str
    runbook: str
    at: datetime


def _none(_: str) -> Sequence[Queued]:
    """Nobody signs in, so nobody's requests are told apart."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Links:
    """The way to Prefect: wake a decided run, when the worker was last heard of, and addresses in its UI.

    `submit` takes a runbook's id, validated inputs, who asks, and `beneficiary`, `ticket` and `reason`; it gives the id of the flow
    run, or raises ServerError or InputError. `refusal` says why a flow run ended without a run; empty while it is on its way.
    `queued` takes a user's name and gives what they asked for that no worker took yet.
    """

    wake: Callable[[RunView], None]
    worker_seen: Callable[[], datetime | None]
    submit: Callable[[str, Mapping[str, Any], Actor, Mapping[str, str]], str]
    refusal: Callable[[str], str]
    flow_run: Callable[[str], str]
    start: str
    queued: Callable[[str], Sequence[Queued]] = _none


def _nothing(_: str) -> None:
    """Nobody keeps sessions in memory."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One installation and its links. Versions are immutable, so a parsed one is kept. `signed_out` hears of ended sessions.

    `oidc` and `ldap` are other ways to sign in, where the settings name them.
    """

    installation: Installation
    links: Links
    runs: KeptRuns = field(default_factory=KeptRuns)
    signed_out: Callable[[str], None] = _nothing
    oidc: Oidc | None = None
    ldap: Ldap | None = None
    inquiries: InquiryBook = field(default_factory=InquiryBook)
    _versions: dict[int, PublishedWorkspace] = field(default_factory=dict)
    _faq: dict[str, LiveFaq] = field(default_factory=dict)

    @property
    def faq(self) -> LiveFaq:
        """What answers questions, one for all requests."""
        if (found := self._faq.get("live")) is not None:
            return found
        return self._faq.setdefault(
            "live", LiveFaq(languages=self.installation.settings.languages, state=self.installation.settings.state_dir)
        )

    def engine(self) -> Engine:
        """An engine for what people decide here: the gate signs it."""
        return self.installation.engine(sign=True)

    def published(self, connection: Connection) -> PublishedWorkspace | None:
        """The live version; raises VersionAltered."""
        return current_version(connection, kinds=step_kinds(), cache=self._versions)
