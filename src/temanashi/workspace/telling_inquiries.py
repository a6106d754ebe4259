"""Word of inquiries: to whoever has to answer one, and to the asker when somebody did. Told once; what failed is tried again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from temanashi.faq.inquiries import Inquiry, inquiries_of
from temanashi.notices import Notice, Notifier, message_by_apprise
from temanashi.people import People
from temanashi.reports.display import Display
from temanashi.settings import Settings
from temanashi.text import Phrase, say
from temanashi.workspace.inquiry_people import answerers, people_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.mailing import Post, reading
from temanashi.workspace.opening import Installation

__all__ = ["handed_letter", "reply_letter", "tell_of_inquiries"]

STILL_TOLD = timedelta(days=2)
"""A letter that did not go out is tried again for so long; and mail that was just set up tells nothing old."""

SHOWN = 60


def tell_of_inquiries(installation: Installation, *, post: Post | None = None, notifier: Notifier | None = None) -> list[Phrase]:
    """Write each letter once; what went wrong, as sentences. After a hand-over or an answer, and again from the watch."""
    since = installation.clock.now() - STILL_TOLD
    with installation.database.reading() as connection:
        records = list(installation.ledger.records(connection, kinds=("inquiry",), since=since))
        handed = {record.draft.slot for record in records if record.draft.outcome == "handed_over"}
        replied = {record.draft.slot for record in records if record.draft.outcome == "replied"}
        whole = {key: one for key in handed | replied for one in _whole(installation, connection, key)}
        people = live_directory(connection).people
        shown = reading(installation, connection)
    carrier = post or (Post(installation, installation.settings.mail.server) if installation.settings.mail.server else None)
    failures: list[Phrase] = []
    for key in sorted(handed - replied):
        failures += _tell_handed(installation, whole[key], people, shown, carrier, notifier)
    for key in sorted(replied):
        failures += _tell_replied(installation, whole[key], people, shown, carrier)
    return failures


def _whole(installation: Installation, connection: object, key: str) -> Iterable[Inquiry]:
    return inquiries_of(installation.ledger.records(connection, kinds=("inquiry",), slot=key)).values()  # type: ignore[arg-type]


def _tell_handed(
    installation: Installation,
    inquiry: Inquiry,
    people: People,
    shown: object,
    carrier: Post | None,
    notifier: Notifier | None,
) -> Iterator[Phrase]:
    settings = installation.settings
    persons = sorted(person for person in answerers(inquiry.to, people, settings.channels) if people.people[person].mail)
    if carrier is not None and persons:
        for person in persons:
            letter = handed_letter(inquiry, shown(person), settings, f"mail:{_key(inquiry)}:{person}")  # type: ignore[operator]
            if carrier.waits(letter.key):
                yield from carrier.send(people, person, letter)
        return
    # Nobody of them can be written to: a channel of that name, else the addresses that hear of everything.
    refs = settings.channels.get(inquiry.to, ()) or settings.notify
    teller = notifier or Notifier(
        refs, database=installation.database, clock=installation.clock, lang=settings.language, deliver=message_by_apprise
    )
    yield from teller.send(handed_letter(inquiry, Display(settings.language, settings.zone), settings, _key(inquiry))).failures


def _tell_replied(
    installation: Installation, inquiry: Inquiry, people: People, shown: object, carrier: Post | None
) -> Iterator[Phrase]:
    person = people.find(inquiry.beneficiary) if inquiry.beneficiary else next(iter(_asker(inquiry, people)), None)
    if carrier is None or person is None or not people.people[person].mail:
        return
    letter = reply_letter(inquiry, shown(person), installation.settings)  # type: ignore[operator]
    if carrier.waits(letter.key):
        yield from carrier.send(people, person, letter)


def _asker(inquiry: Inquiry, people: People) -> Iterator[str]:
    """Whose mail address it is; a name that was only typed is believed, for the answer tells nothing but what they asked."""
    yield from people_of(inquiry.asker, people)
    if (found := people.find(inquiry.asker.name)) is not None:
        yield found


def _key(inquiry: Inquiry) -> str:
    return f"inquiry:{inquiry.key}:handed"


def handed_letter(inquiry: Inquiry, show: Display, settings: Settings, key: str) -> Notice:
    """The letter to whoever answers: the question, who asked, what was offered, and where to answer."""
    lang = show.lang
    lines = [say("ask.letter-handed", lang, asker=inquiry.beneficiary or inquiry.asker.name), "", inquiry.question]
    lines += ["", inquiry.details] if inquiry.details else []
    offered = ", ".join(one.entry for one in inquiry.offered)
    lines += ["", say("ask.letter-offered", lang, entries=offered) if offered else say("ask.letter-nothing", lang)]
    lines += ["", say("ask.letter-answer", lang), settings.page(f"faq/inquiries/{inquiry.key}")]
    title = say("ask.letter-handed-title", lang, question=_short(inquiry.question))
    return Notice(key=key, title=title, body="\n".join(lines))


def reply_letter(inquiry: Inquiry, show: Display, settings: Settings) -> Notice:
    """The letter to the asker: the answer first, then what they had asked."""
    lang = show.lang
    lines = [inquiry.reply, "", say("ask.letter-by", lang, name=inquiry.replied_by)]
    lines += ["", say("ask.letter-asked", lang), inquiry.question]
    lines += ["", say("mail.see", lang), settings.page(f"faq/inquiries/{inquiry.key}")]
    title = say("ask.letter-reply-title", lang, question=_short(inquiry.question))
    return Notice(key=f"mail:inquiry:{inquiry.key}:replied", title=title, body="\n".join(lines))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
