"""`tema retry` and `tema undo` as a person types them."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def place(tmp_path, tema):
    """A workspace with a runbook that adds a line to a file on two names of this machine, and fails on one until that is fixed."""
    tema.hosts("web1", "web2")
    file = str(tmp_path / "lines")
    act = {
        "run": ["sh", "-c", '[ "$2" = web1 ] || [ -e "$1.fixed" ] || exit 7; echo "$2" >> "$1"', "act", file, "{{ host.name }}"],
        "undo": ["sh", "-c", 'sed -i "/$2/d" "$1"', "undo", file, "{{ host.name }}"],
    }
    tema.runbook("act", steps=[{"id": "act", "command": act}], targets="web*")
    return tema


def test_a_run_is_retried_where_it_failed_and_then_undone(place, tmp_path):
    first = place.run("run", "act", "--json")
    assert first.returncode == 1
    run = json.loads(first.stdout)["id"]
    shown = place.run("retry", run, "--dry-run")
    assert shown.returncode == 0
    assert "on web2." in shown.stdout
    assert "on web1." not in shown.stdout
    (tmp_path / "lines.fixed").touch()
    again = place.run("retry", run, "--json", "--reason", "fixed")
    assert again.returncode == 0
    assert (tmp_path / "lines").read_text().split() == ["web1", "web2"]
    nothing = place.run("retry", json.loads(again.stdout)["id"])
    assert nothing.returncode != 0
    assert "tema run" in nothing.stderr
    assert place.run("undo", run, "--dry-run").returncode == 0
    assert (tmp_path / "lines").read_text().split() == ["web1", "web2"]
    assert place.run("undo", run).returncode == 0
    assert (tmp_path / "lines").read_text().split() == ["web2"]
    twice = place.run("undo", run)
    assert twice.returncode != 0
    assert run in twice.stderr


def test_a_run_that_there_is_not_is_said(place):
    place.run("run", "act")
    for verb in ("retry", "undo"):
        told = place.run(verb, "0000")
        assert told.returncode != 0
        assert "tema runs" in told.stderr
