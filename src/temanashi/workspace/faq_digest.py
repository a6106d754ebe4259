"""The weekly word to owners of entries, and the reminder before an entry's last day: made here, told by the watch."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import Connection, delete, insert, select

from temanashi.calendars import day_of
from temanashi.faq.inquiries import Inquiry, inquiries_of
from temanashi.faq.upkeep import Upkeep, upkeep_of
from temanashi.notices import Notice, Notifier, message_by_apprise
from temanashi.people import People
from temanashi.reports.display import Display
from temanashi.runs.tables import FLAGS
from temanashi.settings import Settings
from temanashi.text import Phrase, say
from temanashi.workspace.inquiry_people import member_words
from temanashi.workspace.live import live_directory
from temanashi.workspace.mailing import Post, reading
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["digest_lines", "read_upkeep", "tell_owners"]

TOLD = "faq_digest_told"
FROM = time(9)
WEEK, HALF_YEAR = timedelta(days=7), timedelta(days=181)
LINES = 10


def read_upkeep(installation: Installation, connection: Connection, published: PublishedWorkspace | None) -> list[Upkeep]:
    """Each owner's list of the last seven days, in the order of owners.

    Questions that nothing answered are on the list of whom the settings name for them; the owner "" stands for operations.
    """
    entries = list(published.entries.values()) if published is not None else []
    settings, now = installation.settings, installation.clock.now()
    records = installation.ledger.records(connection, kinds=("inquiry",), since=now - HALF_YEAR)
    inquiries: list[Inquiry] = list(inquiries_of(records).values())
    first = settings.faq.hand_over
    owners = sorted({entry.owner for entry in entries} | {first})
    return [
        upkeep_of(
            owner,
            entries,
            inquiries,
            nobodys=owner == first,
            since=now - WEEK,
            today=day_of(now, settings.zone),
            remind_days=settings.faq.remind_days,
        )
        for owner in owners
    ]


def tell_owners(
    installation: Installation, published: PublishedWorkspace | None, *, post: Post | None = None, notifier: Notifier | None = None
) -> list[Phrase]:
    """Tell each owner once a week what there is to do, and of an entry's last day when it comes near; what went wrong with that."""
    settings = installation.settings
    local = installation.clock.now().astimezone(settings.zone)
    week = f"{local:%G-W%V}"
    if published is None or not published.entries or not _due(local, settings):
        return []
    with installation.database.reading() as connection:
        if connection.scalar(select(FLAGS.c.value).where(FLAGS.c.name == TOLD)) == week:
            return []
        found = [one for one in read_upkeep(installation, connection, published) if not one.empty]
        people = live_directory(connection).people
        shown = reading(installation, connection)
    carrier = post or (Post(installation, settings.mail.server) if settings.mail.server else None)
    failures: list[Phrase] = []
    for upkeep in found:
        persons = [one for one in sorted(people.members(member_words(upkeep.owner, people))) if people.people[one].mail]
        if carrier is not None and persons:
            for person in persons:
                letter = _letter(upkeep, people, shown(person), settings, f"mail:faq-digest:{week}:{upkeep.owner}:{person}")
                failures += carrier.send(people, person, letter)
        else:
            teller = notifier or Notifier(
                settings.channels.get(upkeep.owner, ()) or settings.notify,
                database=installation.database,
                clock=installation.clock,
                lang=settings.language,
                deliver=message_by_apprise,
            )
            show = Display(settings.language, settings.zone)
            failures += teller.send(_letter(upkeep, people, show, settings, f"faq-digest:{week}:{upkeep.owner}")).failures
    if not failures:
        with installation.database.transaction() as connection:
            connection.execute(delete(FLAGS).where(FLAGS.c.name == TOLD))
            connection.execute(insert(FLAGS).values(name=TOLD, value=week))
    return failures


def _due(local: datetime, settings: Settings) -> bool:
    """From nine o'clock of the week's day on; a day on which the watch did not run is made up for."""
    return (local.isoweekday(), local.time()) >= (settings.faq.digest_weekday, FROM)


def _letter(upkeep: Upkeep, people: People, show: Display, settings: Settings, key: str) -> Notice:
    owner = people.name(upkeep.owner.partition(":")[2] or upkeep.owner) or say("ask.operators", show.lang)
    title = say("ask.digest-title", show.lang, owner=owner)
    return Notice(key=key, title=title, body="\n".join([*digest_lines(upkeep, show), "", settings.page(f"faq?lang={show.lang}")]))


def digest_lines(upkeep: Upkeep, show: Display) -> list[str]:
    """An owner's list as text: what to do first stands first."""
    lang = show.lang
    parts: list[tuple[str, list[str]]] = [
        ("stale", [f"{one.id} ({show.day(one.valid_until)})" for one in upkeep.stale if one.valid_until]),
        ("due", [f"{one.id} ({show.day(one.valid_until)})" for one in upkeep.due if one.valid_until]),
        ("unanswered", [f"{len(one.questions)} × {one.questions[0]}" for one in upkeep.unanswered]),
        ("not-solved", [f"{one.voted_entry}: {one.question}" for one in upkeep.not_solved]),
        ("unsure", [f"{one.question} ({', '.join(offer.entry for offer in one.offered)})" for one in upkeep.unsure]),
        ("twins", [f"{one.id} / {other.id}" for one, other in upkeep.twins]),
        ("unused", [one.id for one in upkeep.unused]),
    ]
    lines: list[str] = []
    for name, told in parts:
        if told:
            more = [say("ask.digest-more", lang, count=len(told) - LINES)] if len(told) > LINES else []
            lines += [*([""] if lines else []), say(f"ask.digest-{name}", lang, count=len(told))]
            lines += [*(f"- {line}" for line in told[:LINES]), *more]
    return lines or [say("ask.digest-nothing", lang)]
