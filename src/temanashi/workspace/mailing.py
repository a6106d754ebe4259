"""A letter to one person, at the address that people.yaml has of them: told once, through Apprise like every other notice."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sqlalchemy import Connection

from temanashi.notices import BadAddress, Deliver, Notice, Notifier, message_by_apprise
from temanashi.people import People
from temanashi.reports.display import Display
from temanashi.secrets import SecretRef, resolve
from temanashi.signin.preferences import chosen_languages
from temanashi.text import Phrase
from temanashi.workspace.opening import Installation

__all__ = ["Post", "addressed", "reading"]

OTHERS = frozenset({"to", "cc", "bcc", "format"})


def addressed(url: str, address: str) -> str:
    """The mail server's URL with one recipient, and as plain text: in HTML Apprise's links are none. Raises BadAddress."""
    parts = urlsplit(url)
    if parts.scheme not in {"mailto", "mailtos"} or not parts.hostname:
        raise BadAddress
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in OTHERS]
    return urlunsplit(parts._replace(query=urlencode([*kept, ("to", address), ("format", "text")])))


def reading(installation: Installation, connection: Connection) -> Callable[[str], Display]:
    """How each person reads: in the language that they chose, where it is one of the workspace's, else in its first."""
    settings, chosen = installation.settings, chosen_languages(connection)

    def display(person: str) -> Display:
        wanted = chosen.get(person)
        lang = next((one for one in settings.languages if one == wanted), settings.language)
        return Display(lang, settings.zone)

    return display


class Post:
    """Brings letters. `secret` resolves the reference to the server; `deliver` is how one is handed over."""

    def __init__(
        self,
        installation: Installation,
        server: SecretRef,
        *,
        secret: Callable[[str], str] = resolve,
        deliver: Deliver = message_by_apprise,
    ) -> None:
        self._installation, self._server, self._secret, self._deliver = installation, server, secret, deliver

    def waits(self, key: str) -> bool:
        """Whether this was not told yet."""
        return self._to("").told(key) == "no"

    def send(self, people: People, person: str, notice: Notice) -> tuple[Phrase, ...]:
        """What went wrong, without any secret; nothing for somebody without an address. What fails is tried again later."""
        entry = people.people.get(person)
        return self._to(entry.mail).send(notice).failures if entry is not None and entry.mail else ()

    def _to(self, address: str) -> Notifier:
        def reference(ref: str) -> str:
            return addressed(self._secret(ref), address)

        here = self._installation
        return Notifier(
            (self._server,),
            database=here.database,
            clock=here.clock,
            lang=here.settings.language,
            secret=reference,
            deliver=self._deliver,
        )
