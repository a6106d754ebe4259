"""What a receiver is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from temanashi.monitoring.events import Event
from temanashi.text import Phrase

__all__ = ["Message", "Receiver", "Sent"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is to be sent. Messages of one `thread` are sent in their order. `payload` is JSON and holds no secret."""

    thread: str
    action: str
    payload: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of a message. `later` is tried again, after `wait` seconds where the receiver said so; `never` is not."""

    result: Literal["sent", "later", "never"]
    why: Phrase | None = None
    wait: float | None = None


class Receiver(Protocol):
    """One receiver."""

    @property
    def name(self) -> str:
        """Its name in the outbox, without any secret."""
        ...

    def messages(self, events: Sequence[Event]) -> list[Message]:
        """What it is to be told of these events, which belong together."""
        ...

    def send(self, payload: dict[str, Any]) -> Sent:
        """Send one message. Never raises."""
        ...
