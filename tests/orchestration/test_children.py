import os
from pathlib import Path

import pytest

from fixtures_up import until
from temanashi.clock import SystemClock
from temanashi.orchestration.children import Child

SOURCE = str(Path(__file__).parents[2] / "src")
TETHER = (
    "from temanashi.orchestration.tether import end_with_parent; import time; "
    "end_with_parent(); print('up', flush=True); time.sleep(60)"
)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def child(tmp_path):
    made = []

    def make(code, **more):
        env = {**os.environ, "PYTHONPATH": SOURCE}
        made.append(
            Child(
                "worker",
                ("-c", code),
                env=env,
                directory=tmp_path,
                log=tmp_path / "logs" / "worker.log",
                clock=SystemClock(),
                **more,
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.kill()


def test_a_child_ends_when_it_is_asked_to(child):
    one = child(TETHER)
    one.start()
    until(lambda: "up" in one.tail, seconds=20, what="the child")
    assert one.exit_code is None
    assert one.stop(seconds=10)
    assert one.exit_code is not None


def test_a_child_that_does_not_listen_is_killed(child):
    one = child(STUBBORN)
    one.start()
    until(lambda: "up" in one.tail, seconds=20, what="the child")
    assert not one.stop(seconds=0.3)
    assert one.exit_code == -9


def test_a_child_ends_with_a_parent_that_was_killed(child, tmp_path):
    """The parent here is a process between us and the child; only its end of the pipe goes."""
    middle = f"""
import os, sys
sys.path.insert(0, {SOURCE!r})
from pathlib import Path
from temanashi.clock import SystemClock
from temanashi.orchestration.children import Child
here = Path({str(tmp_path)!r})
one = Child("inner", ("-c", {TETHER!r}), env=dict(os.environ), directory=here, log=here / "inner.log", clock=SystemClock())
one.start()
Path({str(tmp_path / "pid")!r}).write_text(str(one.pid))
import time; time.sleep(60)
"""
    outer = child(middle)
    outer.start()
    inner = int(until(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text(), seconds=20, what="the inner child"))
    until(lambda: "up" in (tmp_path / "inner.log").read_text(), seconds=20, what="the inner child to run")
    outer.kill()
    until(lambda: _gone(inner), seconds=20, what="the inner child to end")


def _gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_child_that_dies_again_and_again_is_given_up(child):
    one = child("raise SystemExit(3)", most=2, within=60)
    for _ in range(2):
        one.start()
        until(lambda: one.exit_code == 3, seconds=20, what="its end")
        assert one.may_start_again
    one.start()
    until(lambda: one.exit_code == 3, seconds=20, what="its end")
    assert not one.may_start_again


def test_the_last_lines_of_the_log_are_kept_for_the_message(child):
    one = child("import sys; [print('line', n) for n in range(40)]")
    one.start()
    until(lambda: one.exit_code == 0, seconds=20, what="its end")
    assert one.tail.splitlines()[-1] == "line 39"
    assert len(one.tail.splitlines()) == 12


def test_a_child_that_was_never_started_has_nothing_to_stop(child):
    one = child("pass")
    assert (one.pid, one.exit_code, one.tail, one.stop(seconds=1)) == (0, None, "", True)


def test_a_log_that_grew_too_long_is_put_aside(child, tmp_path):
    log = tmp_path / "logs" / "worker.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * 5_000_001)
    one = child("print('fresh')")
    one.start()
    until(lambda: one.exit_code == 0, seconds=20, what="its end")
    assert one.tail == "fresh"
    assert log.with_suffix(".old.log").stat().st_size == 5_000_001
