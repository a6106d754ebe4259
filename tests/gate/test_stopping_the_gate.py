import os
import subprocess
import sys
import time

import pytest

from fixtures_prefect import SOURCE, gate_running, make_place


@pytest.mark.server
def test_the_gate_ends_soon_after_it_is_asked_to(tmp_path):
    place = make_place(tmp_path)
    with gate_running(place.settings) as child:
        began = time.monotonic()
        assert child.stop(seconds=20)
        assert time.monotonic() - began < 15


def test_outside_a_workspace_it_says_so_and_stops(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(SOURCE), "TEMA_WORKSPACE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "temanashi.gate"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr
