"""Ctrl-C, two processes on one run, leases, fencing, and a database that fails in mid-run."""

import dataclasses
import json
import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context

import psutil
import pytest

from fixtures_runs import BOB, asking, make_engine, runbook_of
from fixtures_terminal import Terminal
from temanashi.ledger.database import open_database
from temanashi.ledger.faults import LedgerFull, LedgerLocked
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.lease import LEASE_SECONDS, free_to_end, hold
from temanashi.runs.leftovers import wait_until_gone, working
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.runs.results import LeaseLost, RunBusy
from temanashi.runs.stopping import cancel
from temanashi.runs.tables import RUNS

FORK = get_context("fork")


def until(condition, seconds=20):
    for _ in range(round(seconds / 0.05)):
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("did not happen in time")


def working_on(marker):
    """Living processes that have this word among their arguments."""
    living = [p for p in psutil.process_iter(["cmdline", "status"]) if p.info["status"] != psutil.STATUS_ZOMBIE]
    return [process for process in living if marker in (process.info["cmdline"] or [])]


@pytest.fixture
def no_nohup():
    """As in a terminal: under `nohup`, which these tests may run in, a closed terminal ends nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("number", "as_json"), [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGHUP, True)]
)
def test_ctrl_c_ends_the_run_as_cancelled_with_exit_code_5_and_leaves_no_process(tmp_path, no_nohup, number, as_json):
    terminal = Terminal(tmp_path)
    marker = f"marker-{tmp_path.name}-{os.getpid()}"
    never = str(tmp_path / "never")
    terminal.runbook("slow", steps=[{"command": ["sh", "-c", "sleep 30; touch never", marker]}, {"command": ["touch", never]}])
    process = terminal.start("run", "slow", *(["--json"] if as_json else []))
    until(lambda: working_on(marker))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert not working_on(marker)
    assert not (tmp_path / "never").exists()
    view = terminal.json("runs", terminal.json("runs")[0]["id"])
    assert view["state"] == "cancelled"
    assert [row["status"] for step in view["steps"] for row in step["rows"]] == ["unknown", "skipped"]
    if as_json:
        told = json.loads(out)
        assert (told["exit"], told["id"], told["state"]) == (5, view["id"], "cancelled")
    else:
        assert view["id"] in err
    last = terminal.json("audit", "show", "--run", view["id"])[0]["draft"]
    assert (last["kind"], last["outcome"]) == ("run_finished", "cancelled")
    assert terminal.run("audit", "verify").returncode == 0


def slow_book(folder, seconds="1"):
    return runbook_of([{"id": "mark", "command": ["sh", "-c", 'echo x >> "$1"; sleep "$2"', "sh", str(folder / "marks"), seconds]}])


def advance_in(folder, run, told):
    engine = make_engine(folder)
    try:
        told.put(advance(engine, run).outcome)
    except RunBusy:
        told.put("busy")


def test_of_two_processes_that_advance_one_run_only_one_works_on_it(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path)))
    told = FORK.Queue()
    processes = [FORK.Process(target=advance_in, args=(tmp_path, run, told)) for _ in range(3)]
    for process in processes:
        process.start()
    found = sorted(told.get(timeout=30) for _ in processes)
    for process in processes:
        process.join(20)
    assert found == ["busy", "busy", "done"]
    assert (tmp_path / "marks").read_text() == "x\n"
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0


def test_the_lease_of_a_live_process_is_not_taken_and_the_error_names_its_owner(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path)))
    with hold(engine, run), pytest.raises(RunBusy, match=str(os.getpid())):
        advance(engine, run)
    assert advance(engine, run).outcome == "done"


def hold_and_die(folder, run):
    with hold(make_engine(folder), run):
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_lease_of_a_dead_process_is_taken_over_at_once(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path, "0")))
    process = FORK.Process(target=hold_and_die, args=(tmp_path, run))
    process.start()
    process.join(20)
    with engine.database.reading() as connection:
        row = connection.execute(RUNS.select()).one()
    assert row.lease_owner
    started = time.monotonic()
    assert advance(engine, run).outcome == "done"
    assert time.monotonic() - started < LEASE_SECONDS / 2


def test_a_lease_of_another_machine_is_free_only_when_its_time_has_passed(engine):
    now = engine.clock.now()
    owner = "another-machine/1/1/abc"
    assert not free_to_end(owner, (now + timedelta(seconds=1)).isoformat(), now)
    assert free_to_end(owner, now.isoformat(), now)


def test_a_process_that_lost_its_lease_cannot_write(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path)))
    with hold(engine, run) as lease:
        with engine.database.transaction() as connection:
            connection.execute(RUNS.update().values(fence=RUNS.c.fence + 1, lease_owner="another-machine/1/1/abc"))
        with pytest.raises(LeaseLost, match=run), lease.writing() as connection:
            connection.execute(RUNS.update().values(state="done"))
        assert lease.halt.is_set()
    with engine.database.reading() as connection:
        row = connection.execute(RUNS.select()).one()
    assert (row.state, row.lease_owner) == ("planned", "another-machine/1/1/abc")


def test_a_run_whose_lease_was_taken_in_mid_command_stops_without_writing(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path, "2")))
    errors = []

    def work():
        try:
            advance(engine, run)
        except LeaseLost as error:
            errors.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    until((tmp_path / "marks").exists)
    with engine.database.transaction() as connection:
        connection.execute(RUNS.update().values(fence=RUNS.c.fence + 1))
    worker.join(20)
    assert len(errors) == 1
    with engine.database.reading() as connection:
        assert [row.state for row in run_view(connection, run).steps[0].rows] == ["intended"]


class Failing:
    """A database whose n-th write transaction meets a full disk (the page limit of SQLite) or a lock."""

    def __init__(self, database, *, at):
        self._database, self._at, self.count = database, at, 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    @contextmanager
    def transaction(self):
        self.count += 1
        with self._database.transaction() as connection:
            if self.count == self._at:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                connection.exec_driver_sql("CREATE TABLE filler (text)")
                for _ in range(20):
                    connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(20000))")
            yield connection


def test_a_ledger_that_is_full_in_mid_run_says_so_and_the_run_goes_on_later(engine, tmp_path):
    marks = str(tmp_path / "marks")
    step = {"run": ["sh", "-c", 'echo x >> "$1"', "sh", marks], "observe": ["test", "-s", marks]}
    run = request_run(engine, asking(runbook_of([{"id": "mark", "command": step}])))
    failing = dataclasses.replace(engine, database=Failing(engine.database, at=5))  # lease, start, intent, intended, settled
    with pytest.raises(LedgerFull) as caught:
        advance(failing, run)
    assert caught.value.exit_code == 6
    engine.database.close()  # the page limit belongs to its connections
    result = advance(engine, run)
    assert result.outcome == "done"
    assert (tmp_path / "marks").read_text() == "x\n"
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0


def advance_hastily(folder, run, told):
    engine = make_engine(folder)
    hasty = open_database(f"sqlite:///{folder / 'temanashi.db'}", clock=engine.clock, busy_timeout=0.2)
    try:
        advance(dataclasses.replace(engine, database=hasty), run)
    except LedgerLocked as error:
        told.put((error.exit_code, str(error)))


def test_a_ledger_that_is_locked_in_mid_run_says_so_and_the_run_goes_on_later(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path, "1")))
    told = FORK.Queue()
    process = FORK.Process(target=advance_hastily, args=(tmp_path, run, told))
    process.start()
    until((tmp_path / "marks").exists)
    with engine.database.transaction():
        exit_code, message = told.get(timeout=20)
        process.join(20)
    assert exit_code == 6
    assert str(tmp_path / "temanashi.db") in message
    assert advance(engine, run).outcome == "unknown"  # nothing says whether the command did its work, so it is not repeated
    assert (tmp_path / "marks").read_text() == "x\n"


def test_a_command_that_works_on_after_its_run_was_killed_is_waited_for_and_a_cancel_ends_the_waiting(engine, tmp_path):
    key = "some-run/step/0/web1"
    sleeper = subprocess.Popen(["sleep", "30"], env={**os.environ, "TEMA_KEY": key})
    halt = threading.Event()
    try:
        assert until(lambda: working(key))
        assert not working("some-run/step/0/web11")
        assert not wait_until_gone(key, clock=engine.clock, seconds=0.2, halt=halt)
        halt.set()
        assert not wait_until_gone(key, clock=engine.clock, seconds=60, halt=halt)
    finally:
        sleeper.kill()
        sleeper.wait()
    assert wait_until_gone(key, clock=engine.clock, seconds=5, halt=threading.Event())


def test_a_run_that_nobody_works_on_is_cancelled_at_once_even_after_a_crash(engine, tmp_path):
    run = request_run(engine, asking(slow_book(tmp_path, "0")))
    process = FORK.Process(target=hold_and_die, args=(tmp_path, run))
    process.start()
    process.join(20)
    assert cancel(engine, run, actor=BOB, channel="cli", reason="不要")
    assert advance(engine, run).outcome == "cancelled"
    assert not (tmp_path / "marks").exists()


def test_a_run_goes_on_when_nobody_reads_its_progress_any_more(tmp_path):
    terminal = Terminal(tmp_path)
    steps = [{"command": ["sleep", "0.3"]}, {"command": ["touch", str(tmp_path / "reached")]}]
    terminal.runbook("seen", steps=steps)
    terminal.run("runbooks")
    process = terminal.start("run", "seen")
    process.stderr.close()
    process.stdout.read()
    process.stdout.close()
    process.wait(20)
    assert (tmp_path / "reached").exists()
    assert terminal.json("runs")[0]["state"] == "done"
