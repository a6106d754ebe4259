"""A real mail server on loopback that keeps the letters it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller

from fixtures_up import free_port

__all__ = ["Letter", "MailServer", "mail", "mail_server"]


class Letter(NamedTuple):
    to: tuple[str, ...]
    subject: str
    text: str
    kinds: tuple[str, ...]

    def link(self, word: str) -> str:
        """The address on the line after the one that begins so."""
        lines = self.text.splitlines()
        return lines[next(i for i, line in enumerate(lines) if line.startswith(word)) + 1]


class MailServer:
    """`refusing` answers that it cannot take a letter now."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refusing = False
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.url = f"mailto://127.0.0.1:{self._controller.port}?from=tema@example.jp"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (the server looks for it)
        if self.refusing:
            return "451 not now"
        read: Any = message_from_bytes(envelope.content, policy=policy.default)
        kinds = tuple(part.get_content_type() for part in read.walk())
        text = re.sub(r"\r\n", "\n", read.get_body(("plain",)).get_content())
        self.letters.append(Letter(tuple(envelope.rcpt_tos), read["subject"], text, kinds))
        return "250 taken"

    def close(self) -> None:
        self._controller.stop()


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def mail(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> MailServer:
    """The server with nothing in it, and its address in TEMA_TEST_MAIL."""
    mail_server.letters.clear()
    mail_server.refusing = False
    monkeypatch.setenv("TEMA_TEST_MAIL", mail_server.url)
    return mail_server
