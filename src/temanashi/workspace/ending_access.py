"""Access whose time is over, taken away by runs of our own; what could not be taken away is tried again, and told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temanashi.accounts.faults import NothingGiven
from temanashi.errors import TemanashiError
from temanashi.notices import Notice, Notifier
from temanashi.people import Actor
from temanashi.runbooks.adhoc import ADHOC
from temanashi.runbooks.literal import as_template
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.account_places import by_hosts
from temanashi.runs.access_ends import AccessEnd, read_ends, set_end
from temanashi.runs.advancing import advance
from temanashi.runs.engine import Engine
from temanashi.runs.journal import Row, read_rows
from temanashi.runs.requests import RunRequest, request_run
from temanashi.text import Lang, Phrase, phrase, say
from temanashi.text.local import LANGUAGES
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["EARLY", "END_ACCESS", "OVERDUE", "Ended", "end_access", "overdue_ends"]

END_ACCESS = "end-access"
"""Id of the runbook that this makes; it stands in no file."""

EARLY = timedelta(seconds=30)
"""Whoever looks once a minute must act a little before the end so that nobody has access a minute after it."""
OVERDUE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=15)
SECONDS = 20.0
"""For one call to a target: one that hangs must not keep the others waiting."""
AT_A_TIME = 8
SYSTEM = Actor(name="temanashi", kind="system")


@dataclass
class Ended:
    """What was taken away, as `LOGIN at TARGET`; what went wrong with telling; and what is overdue."""

    ended: list[str] = field(default_factory=list)
    failures: list[Phrase] = field(default_factory=list)
    overdue: list[AccessEnd] = field(default_factory=list)


def overdue_ends(ends: Iterable[AccessEnd], now: datetime) -> list[AccessEnd]:
    """Ends that should have been, and were not."""
    return [one for one in ends if one.state == "open" and one.ends_at + OVERDUE <= now]


def end_access(
    engine: Engine, notifier: Notifier, published: PublishedWorkspace | None, *, lang: Lang, early: timedelta = EARLY
) -> Ended:
    """Take away what is due and tell of what is overdue. Raises LedgerError."""
    result = Ended()
    now = engine.clock.now()
    with engine.database.reading() as connection:
        known = read_ends(connection)
    due = [one for one in known if one.ends_at <= now + early and _may_try(one, now)]
    by_person: dict[str, list[AccessEnd]] = defaultdict(list)
    for one in due:
        by_person[one.login].append(one)
    if by_person and published is not None:
        with ThreadPoolExecutor(max_workers=min(AT_A_TIME, len(by_person))) as pool:
            for done in pool.map(lambda ends: _end(engine, published, ends), by_person.values()):
                result.ended += done
    with engine.database.reading() as connection:
        result.overdue = overdue_ends(read_ends(connection), engine.clock.now())
    for one in due:
        result.failures += _tell_over(engine, notifier, one)
    result.failures += _tell_overdue(engine, notifier, result.overdue, lang)
    return result


def _may_try(one: AccessEnd, now: datetime) -> bool:
    """What failed is tried again after 1, 2, 4... minutes."""
    return one.tried_at is None or one.tried_at + min(timedelta(minutes=2 ** min(one.tries, 10) / 2), LONGEST_PAUSE) <= now


def _end(engine: Engine, published: PublishedWorkspace, ends: list[AccessEnd]) -> list[str]:
    """End what one person has, with a run for each kind of place: one that cannot be reached keeps no other waiting."""
    left = [one for one in ends if not _dropped(engine, one)]
    gone = [one for one in left if not _known(published, one)]
    _failed(engine, gone, phrase("lifecycle.target-gone"))
    return [name for step, mine in _steps([one for one in left if one not in gone]) for name in _run(engine, published, step, mine)]


def _known(published: PublishedWorkspace, one: AccessEnd) -> bool:
    return one.target in (published.inventory.hosts if by_hosts(one.directory) else published.directories.names)


def _run(engine: Engine, published: PublishedWorkspace, step: dict[str, Any], ends: list[AccessEnd]) -> list[str]:
    """What was done is taken from the journal of the run."""
    try:
        run = request_run(engine, _request(engine, published, ends[0].login, step))
        advance(engine, run)
    except NothingGiven:  # the account is not there any more
        return [_over(engine, one, "") for one in ends]
    except TemanashiError as error:
        _failed(engine, ends, Phrase(key=error.key, data=_plain(error)))
        return []
    with engine.database.reading() as connection:
        rows = {row.change.target: row for row in read_rows(connection, run)}
    done = []
    for one in ends:
        row = rows.get(one.target)
        outcome = row.outcome if row is not None else None
        if row is not None and (row.change.left_out is not None or (outcome is not None and outcome.good)):
            done.append(_over(engine, one, run))
        else:
            _failed(engine, [one], (outcome.reason if outcome is not None else None) or phrase("lifecycle.not-ended"))
    return done


def _over(engine: Engine, one: AccessEnd, run: str) -> str:
    _set(engine, one, state="ended", ended_at=engine.clock.now().isoformat(), ended_by=run)
    return f"{one.login} at {one.target}"


def _plain(error: TemanashiError) -> dict[str, Any]:
    return {name: value.model_dump() if isinstance(value, Phrase) else value for name, value in error.data.items()}


def _steps(ends: list[AccessEnd]) -> Iterator[tuple[dict[str, Any], list[AccessEnd]]]:
    """One step for the hosts and one for each other directory, by what has to go: the account, or these groups."""
    accounts, groups = defaultdict[str, list[AccessEnd]](list), defaultdict[str, list[AccessEnd]](list)
    for one in ends:
        (groups if one.group else accounts)[one.target].append(one)
    alike: dict[tuple[str, tuple[str, ...]], list[AccessEnd]] = defaultdict(list)
    for target, mine in accounts.items():
        alike[mine[0].directory, ()] += [*mine, *groups.pop(target, [])]  # who is closed needs not be taken out of groups first
    for mine in groups.values():
        alike[mine[0].directory, tuple(sorted({one.group for one in mine}))] += mine
    for number, ((directory, names), mine) in enumerate(sorted(alike.items()), 1):
        hosts = sorted({one.target for one in mine}) if by_hosts(mine[0].directory) else []
        what: dict[str, Any] = {"do": "set", "not_groups": [as_template(name) for name in names]} if names else {"do": "disable"}
        step = {
            "id": f"end-{number}",
            "accounts": {**what, "login": mine[0].login, "directory": directory, "timeout": SECONDS},
            "on_failure": "continue",
            "fan_out": {"max_failed": "100%"},
            **({"targets": ",".join(hosts)} if hosts else {}),
        }
        yield step, mine


def _request(engine: Engine, published: PublishedWorkspace, login: str, step: dict[str, Any]) -> RunRequest:
    data = {
        "id": END_ACCESS,
        "title": {lang: say("lifecycle.end-title", lang, login=login) for lang in LANGUAGES},
        "description": {lang: say("lifecycle.end-description", lang) for lang in LANGUAGES},
        "category": "account",
        "owner": "ops",
        "privileged": True,
        "overlap": "parallel",
        # What was given served the demand; taking it away is part of that.
        "toil": {"task": ADHOC, "demand": {"calendar": "day"}},
        "steps": [step],
    }
    return RunRequest(
        runbook=parse_runbook(data, kinds=engine.kinds),
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs={},
        actor=SYSTEM,
        channel="schedule",
        slot="",
    )


def _dropped(engine: Engine, one: AccessEnd) -> bool:
    """Whether there is nothing to take away: it was never given, or somebody gave it for good meanwhile."""
    if not one.group:
        return False
    row = _origin(engine, one)
    outcome = row.outcome if row is not None else None
    if row is None or outcome is None:
        return False  # not known: it may have been given
    given = next((d for d in outcome.details if d.get("field") == "groups"), None)
    never = outcome.status in {"already", "conflict", "skipped"} or (given is not None and one.group in given["before"])
    if never:
        _set(engine, one, state="dropped", ended_at=engine.clock.now().isoformat())
    return never


def _origin(engine: Engine, one: AccessEnd) -> Row | None:
    with engine.database.reading() as connection:
        rows = read_rows(connection, one.run)
    key = (one.step, one.iteration, one.target)
    return next((row for row in rows if row.change.key == key), None)


def _failed(engine: Engine, ends: list[AccessEnd], reason: Phrase) -> None:
    now = engine.clock.now().isoformat()
    for one in ends:
        _set(engine, one, tried_at=now, tries=one.tries + 1, reason=reason.model_dump_json())


def _set(engine: Engine, one: AccessEnd, **values: Any) -> None:
    with engine.database.transaction() as connection:
        set_end(connection, one.id, **values)


def _tell_overdue(engine: Engine, notifier: Notifier, overdue: list[AccessEnd], lang: Lang) -> list[Phrase]:
    failures: list[Phrase] = []
    for one in overdue:
        if one.told:
            continue
        until = f"{one.ends_at.astimezone(engine.zone):%Y-%m-%d %H:%M}"
        words = {"login": one.login, "target": one.target, "until": until, "group": one.group or "-"}
        why = Phrase.model_validate_json(one.reason).text(lang) if one.reason else "-"
        body = say("lifecycle.overdue-body", lang, **words, why=why)
        delivery = notifier.send(Notice(_key(one), say("lifecycle.overdue-title", lang, **words), body))
        failures += delivery.failures
        if delivery.status != "failed":
            _set(engine, one, told_at=engine.clock.now().isoformat())
    return failures


def _tell_over(engine: Engine, notifier: Notifier, one: AccessEnd) -> list[Phrase]:
    """An alarm that was told is taken back when the access is gone after all."""
    if not one.told:
        return []
    with engine.database.reading() as connection:
        open_ = any(other.id == one.id for other in read_ends(connection))
    return [] if open_ else list(notifier.resolve(_key(one)).failures)


def _key(one: AccessEnd) -> str:
    return f"overdue-access:{one.id}"
