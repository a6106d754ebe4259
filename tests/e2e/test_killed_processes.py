"""kill -9 in the middle: the run goes on, nothing happens twice, and the ledger verifies."""

from __future__ import annotations

import os
import signal

import psutil

from fixtures_up import Up, until


def test_a_run_whose_process_and_whose_worker_are_killed_goes_on_and_each_effect_happens_once(up: Up):
    effects = up.root / "effects"
    flow_run = up.begin("three-effects")
    until(lambda: "one" in effects.read_text(), seconds=30, what="the first effect")
    process = psutil.Process(int(up.flow_run(flow_run)["infrastructure_pid"]))
    assert process.is_running()
    os.kill(process.pid, signal.SIGKILL)
    worker = up.worker()
    os.kill(worker, signal.SIGKILL)
    # `tema up` starts a worker again, which looks for what was left; the watch would within a minute.
    state = up.in_state(flow_run, "Completed", "Failed", "Unknown", seconds=150)["state"]
    assert state["name"] == "Completed", state
    assert up.worker() != worker
    assert effects.read_text().split() == ["one", "two", "three"]
    run = up.run_of(flow_run)
    done = [d["step"] for d in up.drafts(run) if d["kind"] == "step_done"]
    assert sorted(done) == ["one", "three", "two"]
    assert [d["outcome"] for d in up.drafts(run) if d["kind"] == "run_finished"] == ["done"]
    up.tema("audit", "verify")
