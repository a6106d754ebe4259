"""The next session of a connection in use is asked for ahead; when the host gives none, or takes it back, nothing is lost."""

from __future__ import annotations

import re
import time

import pytest

from temanashi.hosts import Command, Script

pytestmark = pytest.mark.server

OPENED = re.compile(r"server_input_channel_open: ctype session")


def log_with(server, count, seconds=5.0):
    """The server's log, once it tells of so many sessions; as it is after `seconds` otherwise."""
    until = time.monotonic() + seconds
    while len(OPENED.findall(server.log)) < count and time.monotonic() < until:
        time.sleep(0.02)
    return server.log


def test_a_connection_that_is_used_again_has_its_next_session_ready(sshd_factory):
    server = sshd_factory(first="LogLevel DEBUG1\n")
    with server.reach() as reach:
        there = reach.transport(server.host())
        assert there.run(Command("echo", "1"), timeout=5).text == "1\n"
        time.sleep(0.2)
        assert len(OPENED.findall(server.log)) == 1  # one use is no habit
        assert there.run(Command("echo", "2"), timeout=5).text == "2\n"
        assert len(OPENED.findall(log_with(server, 3))) == 3  # two for what ran, one for what comes
        assert [there.run(Command("echo", str(n)), timeout=5).text for n in range(3)] == ["0\n", "1\n", "2\n"]
    assert log_with(server, 6).count("Accepted publickey") == 1
    assert len(OPENED.findall(server.log)) == 6


def test_a_session_that_the_host_refused_ahead_is_asked_for_again_when_it_is_needed(sshd_factory):
    server = sshd_factory(first="MaxSessions 1\n")
    with server.reach() as reach:
        there = reach.transport(server.host())
        assert [there.run(Command("echo", str(n)), timeout=5).text for n in range(5)] == [f"{n}\n" for n in range(5)]
        connection = reach.connection(reach.route(server.host()))
        with connection as kept:
            held = kept.session_channel(timeout=5)  # somebody else has the one session, so asking ahead is in vain
            kept._ahead = (*kept.session.ask_for_session(), time.monotonic())
            assert kept._asked_ahead(5) is None
            assert kept._asks_ahead is False
            held.close()
            kept.channel_closed()
        assert there.run(Command("echo", "after"), timeout=5).text == "after\n"
    assert server.log.count("Accepted publickey") == 1


def test_a_session_that_is_gone_with_its_connection_is_replaced_before_anything_runs(sshd_factory, tmp_path):
    note = tmp_path / "note"
    server = sshd_factory(first="LogLevel DEBUG1\n")
    with server.reach() as reach:
        there = reach.transport(server.host())
        for _ in range(2):
            there.run(Command("true"), timeout=5)
        log_with(server, 3)
        with reach.connection(reach.route(server.host())) as connection:
            connection._sock.shutdown(2)
        assert there.run(Script('echo once >> "$1"', str(note)), timeout=5).ok
    assert note.read_text() == "once\n"
    assert server.log.count("Accepted publickey") == 2


def test_several_at_once_take_the_session_once_and_ask_for_the_others(sshd_factory):
    server = sshd_factory()
    with server.reach() as reach:
        there = reach.transport(server.host())
        for _ in range(2):
            there.run(Command("true"), timeout=5)
        with reach.connection(reach.route(server.host())) as connection:
            first, second = connection.session_channel(timeout=5), connection.session_channel(timeout=5)
            assert first.get_id() != second.get_id()
            for channel in (first, second):
                channel.close()
                connection.channel_closed()
        assert there.run(Command("echo", "still"), timeout=5).text == "still\n"


def test_a_session_that_was_asked_for_long_ago_is_given_back(sshd_factory):
    server = sshd_factory(first="LogLevel DEBUG1\nMaxSessions 2\n")
    with server.reach() as reach:
        there = reach.transport(server.host())
        for _ in range(2):
            there.run(Command("true"), timeout=5)
        with reach.connection(reach.route(server.host())) as connection:
            channel, answered, since = connection._ahead
            connection._ahead = (channel, answered, since - 61)
        assert there.run(Command("echo", "new"), timeout=5).text == "new\n"
        assert channel.closed
    assert len(OPENED.findall(server.log)) >= 4
