"""Who is told under a name: the channels of the settings, as notifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Never

from temanashi.clock import Clock
from temanashi.errors import InputError
from temanashi.ledger.database import Database
from temanashi.notices import Deliver, Notifier, message_by_apprise
from temanashi.problems import suggestion
from temanashi.secrets import resolve
from temanashi.text.local import Lang

__all__ = ["Channels", "NoChannel", "no_channels"]


class NoChannel(InputError):
    """A channel that the settings do not name, or that has no address."""

    key = "steps.no-channel"

    def __init__(self, name: str, *, known: list[str]) -> None:
        super().__init__(name=name or "notify", known=known or ["-"], close=suggestion(name, known))


def no_channels(name: str) -> Never:
    """Nobody can be told."""
    raise NoChannel(name, known=[])


class Channels:
    """The notifier of each channel; the empty name is that of the addresses that hear of failures."""

    def __init__(
        self,
        addresses: Mapping[str, tuple[str, ...]],
        *,
        database: Database,
        clock: Clock,
        lang: Lang,
        secret: Callable[[str], str] = resolve,
        deliver: Deliver = message_by_apprise,
    ) -> None:
        self._addresses = dict(addresses)
        self._database, self._clock = database, clock
        self._lang: Lang = lang
        self._secret, self._deliver = secret, deliver

    def __call__(self, name: str) -> Notifier:
        """Who is told under this name; raises NoChannel."""
        refs = self._addresses.get(name)
        if not refs:
            raise NoChannel(name, known=sorted(other for other, has in self._addresses.items() if other and has))
        return Notifier(
            refs, database=self._database, clock=self._clock, lang=self._lang, secret=self._secret, deliver=self._deliver
        )
