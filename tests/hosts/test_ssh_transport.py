"""Commands on a host by SSH, with a real sshd."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import suppress

import pytest

from fixtures_sshd import silent_server
from temanashi.hosts import CannotStart, Command, Interrupted, Result, Script, TimedOut
from temanashi.hosts.ssh.faults import AuthFailed, ConnectTimedOut, Died, HostKeyChanged, HostKeyUnknown, NoSshServer, Refused
from temanashi.text import explain

pytestmark = pytest.mark.server


@pytest.fixture
def reach(sshd):
    with sshd.reach() as made:
        yield made


@pytest.fixture
def there(sshd, reach):
    return reach.transport(sshd.host())


def told(error):
    for lang in ("ja", "en"):
        what = explain(error, lang)
        assert what.next
        assert "{" not in what.what + what.next
    return explain(error, "en").what


def test_a_command_brings_back_its_output_and_exit_code(there):
    result = there.run(Script('printf out; printf err >&2; exit "$1"', "3"), timeout=10)
    assert (result.exit, result.signal, result.text, result.error_text) == (3, None, "out", "err")


def test_values_never_reach_a_shell(there, tmp_path):
    hostile = f"; touch {tmp_path}/made\n$(touch {tmp_path}/made) `id` ' \" \\ ! % & \x7f é\udcff"
    assert there.run(Command("printf", "%s", hostile), timeout=10).stdout == hostile.encode("utf-8", "surrogateescape")
    assert not list(tmp_path.iterdir())


def test_input_is_given_to_the_last_byte_and_no_input_is_its_end(there):
    data = bytes(range(256)) * 400
    answers = there.run_all(
        [Command("cat", stdin=data), Command("cat"), Command("true", stdin=data), Command("cat", stdin=b"")], timeout=20
    )
    assert [(answer.exit, answer.stdout) for answer in answers] == [(0, data), (0, b""), (0, b""), (0, b"")]


def test_environment_and_folder_are_those_of_the_command(there, tmp_path):
    folder = tmp_path / "-a folder; with 'signs'"
    folder.mkdir()
    lines = there.run(Command("env", env={"SECRET": "a b'c", "LC_ALL": "C.UTF-8"}), timeout=10).text.splitlines()
    assert {"SECRET=a b'c", "LC_ALL=C.UTF-8"} <= set(lines)
    assert not [line for line in lines if "tema" in line]
    answers = there.run_all(
        [Command("pwd", cwd=str(folder)), Command("pwd", cwd=str(tmp_path / "none")), Command("env")], timeout=10
    )
    assert answers[0].text.strip() == str(folder)
    assert isinstance(answers[1], CannotStart)
    assert "none" in told(answers[1])
    assert {"LC_ALL=C", "SECRET=a b'c"} & set(answers[2].text.splitlines()) == {"LC_ALL=C"}


def test_a_missing_program_is_exit_127_and_one_that_may_not_run_126(there, tmp_path):
    locked = tmp_path / "locked"
    locked.write_text("#!/bin/sh\n")
    locked.chmod(0o600)
    exits = [answer.exit for answer in there.run_all([Command("no-such-program"), Command(str(locked)), Command("-x")], timeout=10)]
    assert exits[:2] == [Result.NOT_FOUND, Result.NOT_EXECUTABLE]
    assert exits[2] != 0


def test_secrets_are_on_no_command_line(there):
    seen = there.run(
        Script("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'", env={"PASSWORD": "hidden-from-ps"}), timeout=10
    )
    assert b"cmdline" in seen.stdout
    assert b"hidden-from-ps" not in seen.stdout


def test_one_answer_a_command_in_order_though_one_hangs(there):
    commands = [Command("echo", "1"), Script("sleep 60 & sleep 60"), *[Command("echo", str(n)) for n in range(20)], Command("nope")]
    started = time.monotonic()
    answers = there.run_all(commands, timeout=[5, 0.5, *[5.0] * 21])
    assert time.monotonic() - started < 15
    assert isinstance(answers[1], TimedOut)
    assert [answer.text for answer in answers[2:-1]] == [f"{n}\n" for n in range(20)]
    assert (answers[0].text, answers[-1].exit) == ("1\n", 127)
    assert there.run_all([], timeout=1) == []


def test_what_runs_too_long_is_killed_with_its_children(there, tmp_path):
    note = tmp_path / "pids"
    with pytest.raises(TimedOut):
        there.run(Script('sleep 60 & echo $! $$ > "$1"; wait', str(note)), timeout=0.5)
    for pid in note.read_text().split():
        assert gone(there, pid)


def test_stopping_a_run_kills_what_it_runs(sshd, reach, tmp_path):
    note = tmp_path / "pid"
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    answers = reach.transport(sshd.host(), stop).run_all([Script('echo $$ > "$1"; sleep 60', str(note)), Command("id")], timeout=60)
    assert [type(answer) for answer in answers] == [Interrupted, Interrupted]
    assert gone(reach.transport(sshd.host()), note.read_text().strip())


def test_ctrl_c_ends_what_runs_on_the_host(sshd, reach, there, tmp_path):
    note = tmp_path / "pid"
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        there.run(Script('echo $$ > "$1"; sleep 60', str(note)), timeout=60)
    assert gone(there, note.read_text().strip())


def gone(there, pid):
    for _ in range(100):
        if there.run(Command("ps", "-o", "stat=", "-p", pid), timeout=5).text.strip() in {"", "Z"}:
            return True
        time.sleep(0.05)
    return False


def test_a_shell_that_is_killed_leaves_the_rest_unknown(there):
    answers = there.run_all([Command("echo", "1"), Script('kill -9 "$PPID"'), Command("echo", "2")], timeout=5)
    assert answers[0].text == "1\n"
    assert [type(answer) for answer in answers[1:]] == [Died, Died]
    assert there.run(Command("echo", "again"), timeout=5).text == "again\n"


def test_large_output_is_drained_but_only_a_part_is_kept(there):
    big, after = there.run_all(
        [Script("head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2"), Command("echo", "on")], timeout=30
    )
    assert (big.exit, len(big.stdout), len(big.stderr), big.truncated) == (0, 1024 * 1024, 1024 * 1024, True)
    assert (after.text, after.truncated) == ("on\n", False)


def test_a_command_that_prints_for_ever_ends_in_time(there):
    started = time.monotonic()
    answers = there.run_all([Command("yes"), Script("yes >&2"), Command("echo", "on")], timeout=[0.5, 0.5, 10])
    assert time.monotonic() - started < 15
    assert [type(answer) for answer in answers] == [TimedOut, TimedOut, Result]


def test_a_command_that_prints_what_looks_like_our_trailers_fools_nobody(there):
    text = "0" * 32 + "0 0;" + "f" * 32 + "b1;"
    answers = there.run_all([Command("printf", "%s", text), Command("echo", "on")], timeout=5)
    assert [answer.text for answer in answers] == [text, "on\n"]


def test_hosts_that_cannot_be_entered_say_why(sshd, reach, tmp_path):
    other = tmp_path / "known_hosts"
    wrong = (sshd.folder / "id_ed25519.pub").read_text().split()[1]
    other.write_text(sshd.known_hosts.read_text().replace(sshd.public_key.split()[1], wrong))
    with pytest.raises(AuthFailed) as caught:
        reach.transport(sshd.host(user="nobody-here")).run(Command("true"), timeout=5)
    assert "nobody-here" in told(caught.value)
    assert "publickey" in told(caught.value)
    with sshd.reach(known_hosts=[str(other)]) as strict, pytest.raises(HostKeyChanged) as caught:
        strict.transport(sshd.host()).run(Command("true"), timeout=5)
    assert f"{other}:1" in told(caught.value)
    with sshd.reach(known_hosts=[str(tmp_path / "none")]) as strict, pytest.raises(HostKeyUnknown) as caught:
        strict.transport(sshd.host()).run(Command("true"), timeout=5)
    assert "SHA256:" in told(caught.value)
    with pytest.raises(Refused):
        reach.transport(sshd.host(address="127.0.1.99")).run(Command("true"), timeout=5)


def test_a_socket_that_says_nothing_is_given_up_in_time(sshd):
    with silent_server("127.0.1.98") as port, sshd.reach(connect_timeout=0.7) as reach:
        started = time.monotonic()
        with pytest.raises(ConnectTimedOut) as caught:
            reach.transport(sshd.host(address="127.0.1.98", port=port)).run(Command("true"), timeout=5)
        assert time.monotonic() - started < 5
    assert "0.7 s" in told(caught.value)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer) and not thread.daemon]


def test_a_server_that_is_no_ssh_server_is_told_apart(sshd, http_like):
    with sshd.reach() as reach, pytest.raises(NoSshServer) as caught:
        reach.transport(sshd.host(address="127.0.0.1", port=http_like)).run(Command("true"), timeout=5)
    told(caught.value)


@pytest.fixture
def http_like():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def answer():
            with suppress(OSError):
                while True:
                    with server.accept()[0] as one:
                        one.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(6)


def test_a_connection_is_kept_and_a_dead_one_replaced(sshd, reach, there):
    first = there.run(Script('echo "$SSH_CONNECTION"'), timeout=5).text
    assert there.run(Script('echo "$SSH_CONNECTION"'), timeout=5).text == first
    assert isinstance(there.run_all([Script('kill -9 "$(ps -o ppid= -p "$PPID")"')], timeout=5)[0], Died)
    assert there.run(Script('echo "$SSH_CONNECTION"'), timeout=5).text != first
