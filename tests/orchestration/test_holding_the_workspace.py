import os
import socket
from datetime import UTC, datetime

import pytest

from fixtures_up import free_port
from temanashi.orchestration.holding import AlreadyUp, PortTaken, check_port, hold_workspace, holder
from temanashi.settings import Settings

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


@pytest.fixture
def taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_second_tema_up_is_told_who_holds_the_workspace(tmp_path):
    settings = Settings(root=tmp_path)
    held = {"url": "http://127.0.0.1:4200", "now": NOW}
    with hold_workspace(settings, **held), pytest.raises(AlreadyUp) as caught, hold_workspace(settings, **held):
        pass
    assert caught.value.data["pid"] == os.getpid()
    assert caught.value.data["since"] == "2026-11-21 08:30"


def test_the_workspace_is_free_again_after_the_first_one(tmp_path):
    settings = Settings(root=tmp_path)
    for _ in range(2):
        with hold_workspace(settings, url="u", now=NOW):
            assert (tmp_path / ".tema" / "up.lock").read_text(encoding="utf-8").startswith("{")


def test_a_lock_without_a_name_yet_is_still_a_lock(tmp_path):
    settings = Settings(root=tmp_path)
    with hold_workspace(settings, url="u", now=NOW):
        (tmp_path / ".tema" / "up.lock").write_text("", encoding="utf-8")
        with pytest.raises(AlreadyUp) as caught, hold_workspace(settings, url="u", now=NOW):
            pass
    assert caught.value.data["pid"] == "?"


def test_a_port_in_use_names_the_program_that_holds_it(taken):
    with pytest.raises(PortTaken) as caught:
        check_port("127.0.0.1", taken)
    assert caught.value.data["holder"].startswith(f"{os.getpid()} (")


def test_a_free_port_passes(taken):
    port = free_port()
    check_port("127.0.0.1", port)
    assert holder(port) == ""


def test_an_address_that_is_not_ours_cannot_be_listened_on():
    with pytest.raises(PortTaken):
        check_port("192.0.2.1", 4200)
