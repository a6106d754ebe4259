"""Commands on this very machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from temanashi.hosts import CannotStart, Command, LocalTransport, Result, Script, TimedOut, Unreachable
from temanashi.hosts.transport import timeouts_for
from temanashi.text import explain


@pytest.fixture
def here() -> LocalTransport:
    return LocalTransport()


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_command_brings_back_its_output_and_exit_code(here) -> None:
    result = here.run(Script('printf out; printf err >&2; exit "$1"', "3"), timeout=10)
    assert (result.exit, result.signal, result.text, result.error_text) == (3, None, "out", "err")
    assert not result.ok
    assert result.seconds > 0


def test_values_never_reach_a_shell(here, tmp_path) -> None:
    hostile = f"; touch {tmp_path}/made\n$(touch {tmp_path}/made)"
    assert here.run(Command("printf", "%s", hostile), timeout=10).text == hostile
    assert not list(tmp_path.iterdir())


def test_a_missing_program_is_exit_127_and_one_that_may_not_run_126(here, tmp_path) -> None:
    locked = tmp_path / "locked"
    locked.write_text("#!/bin/sh\n")
    assert here.run(Command("no-such-program"), timeout=10).exit == Result.NOT_FOUND
    assert here.run(Command(str(locked)), timeout=10).exit == Result.NOT_EXECUTABLE


def test_a_signal_is_no_exit_code(here) -> None:
    result = here.run(Script("kill -9 $$"), timeout=10)
    assert (result.exit, result.signal) == (None, signal.SIGKILL)


def test_the_parent_of_a_command_is_this_process(here) -> None:
    assert here.run(Script('printf %s "$PPID"'), timeout=10).text == str(os.getpid())


def test_a_command_leads_its_own_session(here) -> None:
    assert here.run(Script("ps -o sid= -p $$; echo $$"), timeout=10).text.split()[0] != str(os.getsid(0))


def test_a_command_that_hangs_is_killed_with_its_children(here) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        here.run(Script("echo $$ >&2; sleep 60 & sleep 60", stdin=b"never read" * 100_000), timeout=0.3)
    assert time.monotonic() - started < 40  # the command sleeps for 60
    assert "did not end within 0.3 s" in explain(caught.value, "en").what
    assert "0.3 秒以内" in explain(caught.value, "ja").what


def test_the_whole_group_is_gone_after_a_timeout(here, tmp_path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(TimedOut):
        here.run(Script('sleep 60 & echo $! > "$1"; wait', str(note)), timeout=0.5)
    assert gone(int(note.read_text()))


def test_a_command_that_closed_its_output_is_still_waited_for(here) -> None:
    assert here.run(Script("exec >&- 2>&-; sleep 0.2; exit 4"), timeout=10).exit == 4
    with pytest.raises(TimedOut):
        here.run(Script("exec >&- 2>&-; sleep 60"), timeout=0.3)


def test_what_is_left_in_the_background_does_not_hold_us_up(here) -> None:
    started = time.monotonic()
    result = here.run(Script("sleep 60 & echo $!"), timeout=10)
    assert time.monotonic() - started < 40  # the command sleeps for 60
    os.kill(int(result.text), signal.SIGKILL)


def test_a_chatty_background_process_does_not_hold_us_up(here) -> None:
    result = here.run(Script("(while :; do echo noise; sleep 0.01; done) & echo $!"), timeout=20)
    assert result.exit == 0
    os.kill(int(result.text.split()[0]), signal.SIGKILL)


def test_large_output_is_drained_but_only_a_part_is_kept() -> None:
    result = LocalTransport(limit=1000).run(Script("head -c 3000000 /dev/zero; echo done >&2"), timeout=20)
    assert (result.exit, len(result.stdout), result.stderr, result.truncated) == (0, 1000, b"done\n", True)


def test_output_is_kept_to_the_last_byte(here) -> None:
    result = here.run(Script("head -c 1000000 /dev/zero"), timeout=20)
    assert (len(result.stdout), result.truncated) == (1_000_000, False)


def test_input_is_given_and_its_end_is_seen(here) -> None:
    data = bytes(range(256)) * 4000
    assert here.run(Command("cat", stdin=data), timeout=20).stdout == data
    assert here.run(Command("cat"), timeout=10).stdout == b""
    assert here.run(Command("true", stdin=data), timeout=10).exit == 0


def test_cut_utf8_is_shown_with_a_replacement(here) -> None:
    assert here.run(Command("printf", r"\346\227"), timeout=10).text == "�"


def test_only_a_small_environment_is_inherited(here, monkeypatch) -> None:
    monkeypatch.setenv("TEMA_DATABASE_URL", "postgresql://user:pass@db/tema")
    monkeypatch.setenv("PYTHONPATH", "/x")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    lines = here.run(Command("env", env={"EXTRA": "a b"}), timeout=10).text.splitlines()
    names = {line.partition("=")[0] for line in lines}
    assert names <= {"HOME", "LOGNAME", "PATH", "TZ", "USER", "LC_ALL", "EXTRA"}
    assert {"LC_ALL=C", "EXTRA=a b"} <= set(lines)


def test_system_folders_are_searched_even_with_a_poor_path(here, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert here.run(Command("true"), timeout=10).ok


def test_the_folder_of_a_command_must_exist(here, tmp_path) -> None:
    assert here.run(Command("pwd", cwd=str(tmp_path)), timeout=10).text.strip() == str(tmp_path)
    with pytest.raises(CannotStart) as caught:
        here.run(Command("pwd", cwd=str(tmp_path / "none")), timeout=10)
    for lang in ("ja", "en"):
        assert "none" in explain(caught.value, lang).what


def test_arguments_longer_than_the_system_takes_are_an_error_not_a_crash(here) -> None:
    with pytest.raises(CannotStart):
        here.run(Command("true", "x" * 10_000_000), timeout=10)


def test_one_answer_a_command_in_order_and_none_delays_another(here) -> None:
    commands = [Command("sleep", "60"), *[Command("echo", str(n)) for n in range(20)], Command("no-such-program")]
    started = time.monotonic()
    answers = here.run_all(commands, timeout=[0.5] + [10.0] * 21)
    assert time.monotonic() - started < 40
    assert isinstance(answers[0], TimedOut)
    assert [answer.text for answer in answers[1:-1]] == [f"{n}\n" for n in range(20)]
    assert answers[-1].exit == 127
    assert here.run_all([], timeout=1) == []


def test_ctrl_c_stops_the_children_of_a_sweep(here, tmp_path) -> None:
    note = tmp_path / "pid"
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        here.run_all([Script('echo $$ > "$1"; sleep 60', str(note)), *[Command("sleep", "60")] * 20], timeout=60)
    assert time.monotonic() - started < 20
    assert gone(int(note.read_text()))


def test_ctrl_c_stops_a_single_command(here, tmp_path) -> None:
    note = tmp_path / "pid"
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        here.run(Script('echo $$ > "$1"; sleep 60', str(note)), timeout=60)
    assert gone(int(note.read_text()))


def test_a_timeout_is_wanted_for_each_command() -> None:
    with pytest.raises(ValueError, match="2 commands but 1 timeouts"):
        timeouts_for([Command("a"), Command("b")], [1.0])


def test_unreachable_says_why_in_both_languages() -> None:
    error = Unreachable("web1", "no route to host")
    assert explain(error, "ja").what == "web1 に接続できません（no route to host）。"
    assert explain(error, "en").what == "Cannot connect to web1 (no route to host)."
    assert explain(error, "ja").next
