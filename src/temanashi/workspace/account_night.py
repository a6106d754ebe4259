"""Once a night: every account is read and compared. The watch calls it every minute; a night that was missed is made up for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, delete, insert, select

from temanashi.accounts.reviews.keeping import prune_populations
from temanashi.errors import TemanashiError
from temanashi.notices import Notifier
from temanashi.people import Actor
from temanashi.runs.tables import FLAGS
from temanashi.secrets import resolve
from temanashi.text import Phrase, phrase
from temanashi.workspace.account_snapshots import due_at, snapshot_accounts
from temanashi.workspace.opening import Installation
from temanashi.workspace.reading_accounts import places_of
from temanashi.workspace.reviewing.reading import reviews
from temanashi.workspace.reviewing.reminding import remind_of_reviews

__all__ = ["read_accounts_at_night"]

FLAG = "account_night"
QUIET = timedelta(hours=20)
"""For so long after a night that was read nothing needs to be looked up."""

LOOK_AGAIN = timedelta(minutes=10)
"""Where there is nothing to read, so often is looked whether there is now: what was published is long to read."""

AGAIN_AFTER = timedelta(hours=1)
"""A night that failed is tried again this much later, and a reader that died holds the next one back no longer."""


class _Night(BaseModel):
    """`due`: the moment that was read for. `at`: when it was begun. `nothing`: there was nothing to read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    due: datetime
    at: datetime
    done: bool
    nothing: bool = False


def read_accounts_at_night(
    installation: Installation, *, secret: Callable[[str], str] = resolve, notifier: Notifier | None = None
) -> list[Phrase]:
    """Do what this night still lacks; what went wrong, as sentences. Never raises TemanashiError."""
    told: list[Phrase] = []
    try:
        if _quiet(installation):
            return []
        places = places_of(installation)
        if not places.any:
            now = installation.clock.now()
            _write(installation, _Night(due=now, at=now, done=False, nothing=True))
            return []
        due = _due(installation, places.register.policy.read_nightly_at)
        if not _claimed(installation, due):
            return []
        actor = Actor(name="temanashi", kind="system")
        taken = snapshot_accounts(installation, actor=actor, channel="schedule", secret=secret, notifier=notifier)
        _write(installation, _Night(due=due, at=installation.clock.now(), done=True))
        _let_go(installation)
        told = remind_of_reviews(installation, notifier=notifier)
    except TemanashiError as error:
        return [Phrase(key=error.key, data=error.data)]
    missing = [phrase("reviews.place-not-read", where=one.where, why=one.reason) for one in taken.population.not_read]
    return [*taken.problems, *missing, *told]


def _quiet(installation: Installation) -> bool:
    """Whether nothing can be due yet, told by what was written down alone."""
    now = installation.clock.now()
    with installation.database.reading() as connection:
        known = _read(connection)
    if known is None:
        return False
    return now - known.at < LOOK_AGAIN if known.nothing else known.done and now - known.due < QUIET


def _let_go(installation: Installation) -> None:
    """Populations are kept as long as bodies of the ledger; those of reviews that are not closed, and each place's last, stay."""
    before = installation.settings.ledger.kept_since(installation.clock.now())
    with installation.database.transaction() as connection:
        needed = {str(told["kept"]) for one in reviews(connection) if one.state != "closed" for told in one.targets}
        prune_populations(connection, before=before, needed=needed)


def _due(installation: Installation, at: str) -> datetime:
    """The last moment at which accounts were to be read."""
    now = installation.clock.now().astimezone(installation.settings.zone)
    today = due_at(now, at)
    return today if today <= now else due_at(now - timedelta(days=1), at)


def _claimed(installation: Installation, due: datetime) -> bool:
    now = installation.clock.now()
    with installation.database.transaction() as connection:
        known = _read(connection)
        if known is not None and not known.nothing and known.due >= due and (known.done or now - known.at < AGAIN_AFTER):
            return False
        _put(connection, _Night(due=due, at=now, done=False))
    return True


def _write(installation: Installation, night: _Night) -> None:
    with installation.database.transaction() as connection:
        _put(connection, night)


def _put(connection: Connection, night: _Night) -> None:
    connection.execute(delete(FLAGS).where(FLAGS.c.name == FLAG))
    connection.execute(insert(FLAGS).values(name=FLAG, value=night.model_dump_json()))


def _read(connection: Connection) -> _Night | None:
    text = connection.execute(select(FLAGS.c.value).where(FLAGS.c.name == FLAG)).scalar()
    try:
        return _Night.model_validate_json(text) if text else None
    except ValidationError:
        return None
