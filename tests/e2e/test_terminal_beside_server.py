"""The command line beside a running server: submitting, publishing, and a second server."""

from __future__ import annotations

import json
import os
import socket

from fixtures_up import Up, until


def test_a_submitted_run_is_followed_to_its_end_and_exits_as_documented(up: Up):
    said = up.tema("run", "--submit", "morning-checks", "--ticket", "OPS-7", "--as", "carol", code=None)
    run = up.runs("morning-checks")[0]
    expected = {"CRITICAL": 1, "UNKNOWN": 3}.get(run["verdict"], 0)
    assert up.tema("runs", run["id"]).count("OPS-7") == 1
    assert (run["actor"]["name"], run["channel"], run["state"]) == ("carol", "cli", "done")
    assert "サーバーに渡しました" in said
    assert run["id"] in said
    # The same for a program: one JSON document, and the exit code inside it and outside.
    answer = json.loads(up.tema("run", "--submit", "morning-checks", "--json", code=expected))
    assert answer["exit"] == expected


def test_a_submitted_run_with_a_wrong_input_exits_2_and_nothing_runs(up: Up):
    before = len(up.runs("find-large-files"))
    said = up.tema("run", "--submit", "find-large-files", "-p", "folder=; rm -rf /", code=2)
    assert "フォルダ" in said
    assert len(up.runs("find-large-files")) == before


def test_a_submitted_run_that_waits_for_a_person_exits_4(up: Up):
    said = up.tema("run", "--submit", "month-end-checklist", code=4)
    run = up.runs("month-end-checklist")[0]
    assert f"tema resume {run['id']}" in said
    up.tema("cancel", run["id"], "--reason", "only a test")
    until(lambda: up.runs("month-end-checklist")[0]["state"] == "cancelled", seconds=10, what="the cancellation")


def test_a_second_tema_up_in_the_same_workspace_is_refused_with_who_and_where(up: Up):
    said = up.tema("up", code=7)
    assert str(up.pid) in said
    assert up.url in said
    assert "すでに動いています" in said


def test_an_occupied_port_is_named_with_its_holder(up: Up, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.temanashi]\nlanguages = ["ja"]\n', encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = up.tema("up", "--workspace", str(tmp_path), code=7, TEMA_PORT=port)
    assert f"ポート {port} は使われています" in said
    assert str(os.getpid()) in said


def test_a_published_change_reaches_the_form_and_the_way_back_too(up: Up):
    file = up.root / "runbooks" / "routine" / "change-me.yaml"
    before = json.loads(file.read_text(encoding="utf-8"))
    assert up.deployment("change-me")["parameter_openapi_schema"]["properties"] == {}
    parameter = {"name": "floor", "type": "integer", "title": {"ja": "階", "en": "Floor"}, "minimum": 1, "maximum": 9, "default": 3}
    file.write_text(json.dumps(before | {"parameters": [parameter]}, ensure_ascii=False), encoding="utf-8")
    up.tema("publish", "--as", "bob")

    def properties():
        return up.deployment("change-me")["parameter_openapi_schema"]["properties"]

    # The watch, which would come within a minute by itself, is asked to come now.
    up.begin("temanashi-watch")
    until(lambda: properties().get("floor", {}).get("maximum") == 9, seconds=75, what="the new form")
    up.tema("publish", "--back", "--as", "bob", "--reason", "wrong building")
    up.begin("temanashi-watch")
    until(lambda: properties() == {}, seconds=75, what="the old form")
    kinds = [r["draft"]["actor"] for r in up.json("audit", "show", "--kind", "published", "--limit", "2")]
    assert kinds == ["bob", "bob"]


def test_schedules_make_runs_by_themselves(up: Up):
    def filtered(name: str, state: str) -> list:
        body = {"deployments": {"name": {"any_": [name]}}, "flow_runs": {"state": {"type": {"any_": [state]}}}, "limit": 20}
        return [run for run in up.api("POST", "/flow_runs/filter", body) if run["auto_scheduled"]]

    planned = until(lambda: filtered("morning-checks", "SCHEDULED"), seconds=60, what="the next morning checks")
    assert all("T22:30:00" in run["expected_start_time"] for run in planned), planned  # 07:30 in Tokyo
    until(lambda: filtered("temanashi-watch", "COMPLETED"), seconds=130, what="the watch, which runs each minute")
