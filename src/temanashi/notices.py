"""Tell people of a problem once, through Apprise, and once more when it is over.

Mail is the usual way: `notify = ["env:TEMA_MAIL_URL"]`, and in that variable `mailtos://USER:PASSWORD@SERVER?from=FROM&to=ADDRESS`
(https://github.com/caronc/apprise, "Email"). Failing to tell is a value, never an exception: a run does not fail because mail does.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.database import Database
from temanashi.secrets import SecretMissing, resolve
from temanashi.text import Lang, Phrase, phrase, say

__all__ = [
    "BadAddress",
    "Deliver",
    "Delivery",
    "Notice",
    "Notifier",
    "deliver_by_apprise",
    "deliver_to",
    "message_by_apprise",
    "silenced",
]

STUCK_AFTER = timedelta(minutes=5)
"""After this a teller that died between claiming and telling no longer holds the others back."""
TALKATIVE = ("apprise", "urllib3.connectionpool", "requests_oauthlib")
"""Loggers that write addresses with their passwords."""

notices = Table(
    "notices",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("told_at", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A problem in words. The same `key` is the same problem: it is told once until it is resolved."""

    key: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice; `failures` says why which address did not get it, without any secret.

    `told`: at least one address got it. `known`: it was told before, or (resolving) nothing was. `nobody`: no address is set.
    """

    status: Literal["told", "known", "nobody", "failed"]
    failures: tuple[Phrase, ...] = ()


class BadAddress(ValueError):
    """Apprise cannot read the URL; the URL itself is not told, it holds a password."""


class Deliver(Protocol):
    """How one notice reaches one URL: whether it arrived; raises BadAddress."""

    def __call__(self, url: str, *, title: str, body: str, recovery: bool) -> bool:
        """Deliver."""
        ...


def deliver_by_apprise(url: str, *, title: str, body: str, recovery: bool) -> bool:
    """Deliver a problem, or that it is over, through Apprise."""
    return _by_apprise(url, title=title, body=body, kind="success" if recovery else "failure")


def message_by_apprise(url: str, *, title: str, body: str, recovery: bool) -> bool:  # noqa: ARG001  (a message is neither)
    """Deliver what is no problem through Apprise."""
    return _by_apprise(url, title=title, body=body, kind="info")


def _by_apprise(url: str, *, title: str, body: str, kind: str) -> bool:
    import apprise  # noqa: PLC0415  (0.2 s that only a problem pays)

    asset = apprise.AppriseAsset(app_id="temanashi", app_desc="temanashi", app_url="", async_mode=False)
    target = apprise.Apprise(asset=asset)
    with warnings.catch_warnings():
        # Plugins are imported here; the one for mail imports a deprecated module, which must not count where warnings are errors.
        warnings.simplefilter("ignore", DeprecationWarning)
        if not target.add(url):
            raise BadAddress
    notify_type = apprise.NotifyType(kind)
    return bool(target.notify(body=body, title=title, notify_type=notify_type, body_format=apprise.NotifyFormat.TEXT))


def deliver_to(
    ref: str,
    *,
    title: str,
    body: str,
    recovery: bool,
    secret: Callable[[str], str] = resolve,
    deliver: Deliver = deliver_by_apprise,
) -> Phrase | None:
    """Deliver to the address behind a reference; why it did not arrive, without any secret, or None. Never raises."""
    try:
        with silenced(TALKATIVE):
            arrived = deliver(secret(ref), title=title, body=body, recovery=recovery)
    except SecretMissing:
        return phrase("notices.missing", ref=ref)
    except BadAddress:
        return phrase("notices.bad-url", ref=ref)
    except Exception as error:  # noqa: BLE001  (over a hundred plugins; whatever they raise may quote the URL, and must not stop a run)
        return phrase("notices.crashed", ref=ref, name=type(error).__name__)
    return None if arrived else phrase("notices.not-delivered", ref=ref)


class Notifier:
    """Tells the addresses behind secret references, resolved at the last moment. Safe to share between threads."""

    def __init__(
        self,
        refs: Sequence[str],
        *,
        database: Database,
        clock: Clock,
        lang: Lang,
        secret: Callable[[str], str] = resolve,
        deliver: Deliver = deliver_by_apprise,
    ) -> None:
        self._refs = tuple(refs)
        self._database = database
        self._clock = clock
        self._lang: Lang = lang
        self._secret = secret
        self._deliver = deliver
        self._one_at_a_time = threading.Lock()
        self._told_without_database: set[str] = set()

    @property
    def lang(self) -> Lang:
        """The language that its readers share."""
        return self._lang

    def told(self, key: str) -> Literal["yes", "no", "unknown"]:
        """Whether this was told and is not resolved; unknown while somebody tells it, or died while telling it."""
        try:
            with self._database.reading() as connection:
                state = connection.scalar(select(notices.c.state).where(notices.c.key == key))
        except LedgerError:
            return "unknown"
        found: dict[str | None, Literal["yes", "no", "unknown"]] = {None: "no", "resolved": "no", "told": "yes"}
        return found.get(state, "unknown")

    def send(self, notice: Notice) -> Delivery:
        """Tell a problem, unless it was told and is not resolved yet. Never raises."""
        if not self._refs:
            return Delivery("nobody")
        with self._one_at_a_time:
            if not self._claim(notice):
                return Delivery("known")
            delivery = self._tell(notice.title, notice.body, recovery=False)
            self._mark(notice.key, "told" if delivery.status == "told" else "resolved")
            return delivery

    def resolve(self, key: str) -> Delivery:
        """Tell that a problem is over, if it was told. Never raises."""
        if not self._refs:
            return Delivery("nobody")
        with self._one_at_a_time:
            title = self._release(key)
            if title is None:
                return Delivery("known")
            body = say("notices.recovered-body", self._lang, title=title)
            return self._tell(say("notices.recovered", self._lang, title=title), body, recovery=True)

    def _tell(self, title: str, body: str, *, recovery: bool) -> Delivery:
        failures = []
        for ref in self._refs:
            failure = deliver_to(ref, title=title, body=body, recovery=recovery, secret=self._secret, deliver=self._deliver)
            if failure is not None:
                failures.append(failure)
        return Delivery("failed" if len(failures) == len(self._refs) else "told", tuple(failures))

    def _claim(self, notice: Notice) -> bool:
        """Whether it is ours to tell: claimed first, so that two processes do not both tell it."""
        try:
            with self._database.transaction() as connection:
                return _claimed(connection, notice, self._clock)
        except IntegrityError:
            return False
        except LedgerError:
            # A database that fails is a problem to tell: this process then remembers by itself what it told.
            new = notice.key not in self._told_without_database
            self._told_without_database.add(notice.key)
            return new

    def _mark(self, key: str, state: Literal["told", "resolved"]) -> None:
        if state == "resolved":
            self._told_without_database.discard(key)
        try:
            with self._database.transaction() as connection:
                connection.execute(update(notices).where(notices.c.key == key).values(state=state))
        except LedgerError:
            self._told_without_database.add(key)

    def _release(self, key: str) -> str | None:
        """The title of a told problem, which is then no longer told."""
        self._told_without_database.discard(key)
        try:
            with self._database.transaction() as connection:
                title = connection.scalar(select(notices.c.title).where(notices.c.key == key))
                done = connection.execute(
                    update(notices).where(notices.c.key == key, notices.c.state == "told").values(state="resolved")
                )
                return title if done.rowcount == 1 else None
        except LedgerError:
            return None


def _claimed(connection: Connection, notice: Notice, clock: Clock) -> bool:
    now = clock.now()
    stuck = (notices.c.state == "telling") & (notices.c.told_at < (now - STUCK_AFTER).isoformat(timespec="microseconds"))
    values = {"state": "telling", "title": notice.title, "told_at": now.isoformat(timespec="microseconds")}
    free = update(notices).where(notices.c.key == notice.key, or_(notices.c.state == "resolved", stuck)).values(values)
    if connection.execute(free).rowcount == 1:
        return True
    if connection.execute(select(notices.c.key).where(notices.c.key == notice.key)).first() is not None:
        return False
    connection.execute(insert(notices), [{"key": notice.key, **values}])
    return True


@contextmanager
def silenced(names: Iterable[str]) -> Iterator[None]:
    """Nothing that this thread does in the block is logged by those who would write addresses."""
    me = threading.get_ident()

    def not_me(record: logging.LogRecord) -> bool:
        return record.thread != me

    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(not_me)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(not_me)
