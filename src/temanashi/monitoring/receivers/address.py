"""An address of `notify` (mail, chat), through Apprise: one message a run, whatever it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from temanashi.monitoring.events import MOST_LINES, Event, lines_of, phrase_more, summary_of
from temanashi.monitoring.receivers.contract import Message, Sent
from temanashi.notices import Deliver, deliver_by_apprise, deliver_to
from temanashi.text import Lang, say

__all__ = ["Address"]

_UNTOLD = frozenset({"acknowledged", "replaced"})


@dataclass(frozen=True, kw_only=True)
class Address:
    """One reference to an Apprise URL."""

    ref: str
    lang: Lang
    page: str
    secret: Callable[[str], str]
    deliver: Deliver = deliver_by_apprise

    @property
    def name(self) -> str:
        """Its name in the outbox."""
        return f"notify:{self.ref}"

    def messages(self, events: Sequence[Event]) -> list[Message]:
        """One message for all of them."""
        told = [event for event in events if event.change not in _UNTOLD]
        if not told:
            return []
        over = all(event.change == "resolved" for event in told)
        payload = {"title": self._title(told), "body": self._body(told), "recovery": over}
        return [Message(thread="-", action="resolve" if over else "trigger", payload=payload)]

    def send(self, payload: dict[str, Any]) -> Sent:
        """Send a message; whatever goes wrong with it may be over later."""
        failure = deliver_to(
            self.ref,
            title=payload["title"],
            body=payload["body"],
            recovery=payload["recovery"],
            secret=self.secret,
            deliver=self.deliver,
        )
        return Sent(result="sent") if failure is None else Sent(result="later", why=failure)

    def _title(self, events: Sequence[Event]) -> str:
        if len(events) == 1:
            return summary_of(events[0], self.lang)
        over = sum(event.change == "resolved" for event in events)
        return say("monitoring.title-many", self.lang, count=len(events) - over, over=over)

    def _body(self, events: Sequence[Event]) -> str:
        lines: list[str] = []
        for event in events:
            if len(events) > 1:
                lines.append(summary_of(event, self.lang))
            lines += [f"  {line}" if len(events) > 1 else line for line in lines_of(event, self.lang, self.page)]
        if len(lines) > 2 * MOST_LINES:
            lines = [*lines[: 2 * MOST_LINES], phrase_more(len(lines) - 2 * MOST_LINES).text(self.lang)]
        return "\n".join([*lines, f"{self.page}/problems"])
