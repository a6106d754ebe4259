"""`tema check`: list, sheet, confirm, try and the answer to pollers."""

import io
import json

import openpyxl
import pytest

CHECKS = [
    {"id": "there", "kind": "command", "title": {"ja": "ファイル", "en": "The file"}, "run": ["test", "-e", "here"]},
    {"id": "load", "kind": "load", "warn": "1000", "crit": "2000"},
]


@pytest.fixture
def site(tema):
    tema.runbook("morning", category="routine", steps=[{"id": "look", "checks": CHECKS}])
    other = tema.runbook("other", category="maintenance", steps=[{"id": "look", "checks": CHECKS[:1]}])
    tema.write("runbooks/maintenance/other.yaml", other.read_text(encoding="utf-8"))
    other.unlink()
    (tema.root / "here").touch()
    return tema


def test_the_list_says_what_is_checked_where(site):
    rows = site.json("check", "list")["checks"]
    assert [(row["runbook"], row["check"], row["kind"], row["hosts"], row["on_sheet"]) for row in rows] == [
        ("morning", "there", "command", ["localhost"], True),
        ("morning", "load", "load", ["localhost"], True),
        ("other", "there", "command", ["localhost"], False),
    ]
    said = site.run("check", "list", "other").stdout
    assert "look/there" in said
    assert "not on the morning sheet" in said
    assert site.run("check", "list", "nothing").returncode == 2


def test_the_sheet_ends_with_what_it_says(site):
    assert site.run("check", "sheet").returncode == 4
    site.run("run", "morning")
    good = site.run("check", "sheet")
    assert (good.returncode, "All is well (2 checks)" in good.stdout) == (0, True)
    assert "tema check confirm" in good.stdout
    (site.root / "here").unlink()
    site.run("run", "morning")
    bad = site.run("check", "sheet", "--lang", "ja")
    assert bad.returncode == 1
    assert "異常 1件" in bad.stdout
    assert "ファイル  localhost" in bad.stdout
    found = site.json("check", "sheet")
    assert (found["exit"], found["counts"], len(found["runs"])) == (1, {"CRITICAL": 1, "OK": 1}, 2)
    assert found["problems"][0]["checks"][0]["check"] == "there"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_sheet_is_written_as_one_file_that_needs_nothing_else(site, lang):
    site.run("run", "morning")
    for name in ("sheet.html", "sheet.xlsx", "sheet.json"):
        assert site.run("check", "sheet", "-o", name, "--lang", lang).returncode == 0
    page = (site.root / "sheet.html").read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in page
    assert not [word for word in ("<link", "<script", "src=", "@import", "url(") if word in page]
    book = openpyxl.load_workbook(io.BytesIO((site.root / "sheet.xlsx").read_bytes()))
    assert len(book.worksheets) == 3
    assert json.loads((site.root / "sheet.json").read_text(encoding="utf-8"))["counts"] == {"OK": 2}
    refused = site.run("check", "sheet", "-o", "sheet.pdf", "--lang", lang)
    assert (refused.returncode, ".html" in refused.stderr) == (2, True)


def test_confirming_is_on_record_and_bound_to_what_was_shown(site):
    site.run("run", "morning")
    seen = site.json("check", "sheet")["digest"]
    (site.root / "here").unlink()
    site.run("run", "morning")
    late = site.run("check", "confirm", "--digest", seen)
    assert (late.returncode, "nothing was confirmed" in late.stderr) == (2, True)
    done = site.run("check", "confirm", "--note", "見ました", "--as", "山田")
    assert (done.returncode, "山田" in done.stdout) == (0, True)
    assert "Confirmed: 山田" in site.run("check", "sheet").stdout
    assert site.run("check", "confirm").returncode == 2
    (record,) = [r["draft"] for r in site.json("audit", "show", "--limit", "5") if r["draft"]["outcome"] == "sheet_confirmed"]
    assert (record["actor"], record["reason"], record["step"], record["channel"]) == ("山田", "見ました", "checker", "cli")
    (site.root / "here").touch()
    site.run("run", "morning")
    assert "confirm again" in site.run("check", "sheet").stdout
    assert site.json("check", "confirm", "--as", "山田")["complete"] is True
    assert site.run("audit", "verify").returncode == 0


@pytest.mark.parametrize(("day", "code"), [("2999-01-01", 2), ("soon", 2), ("2020-01-06", 4)])
def test_days_without_a_sheet(site, day, code):
    assert site.run("check", "sheet", "--date", day).returncode == code
    assert site.run("check", "confirm", "--date", day).returncode == 2


def test_trying_a_check_is_a_drill_on_record_and_on_no_sheet(site):
    done = site.run("check", "try", "morning", "there", "--host", "localhost", "--reason", "試し")
    assert (done.returncode, "The file" in done.stdout or "there" in done.stdout) == (0, True)
    assert "drill" in done.stdout
    (run,) = site.json("runs")
    assert (run["mode"], run["request_reason"]) == ("drill", "試し")
    assert [row["details"][0]["check"] for step in site.json("runs", run["id"])["steps"] for row in step["rows"]] == ["there"]
    assert site.run("check", "sheet").returncode == 4
    assert "used" not in site.run("check", "nagios", "morning").stdout
    found = site.json("check", "try", "morning", "look/load")
    assert [one["verdict"] for one in found["checks"]] == ["OK"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("morning", "nothing"), "look/there"),
        (("nobody", "there"), "nobody"),
        (("morning", "there", "--host", "web1"), "web1"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is_touched(site, words, says):
    done = site.run("check", "try", *words)
    assert (done.returncode, says in done.stderr) == (2, True)
    assert site.json("runs") == []


def test_a_draft_is_tried_only_where_typed_commands_are_allowed(site):
    site.write(
        "runbooks/site/hosts.yaml",
        json.dumps({"hosts": {"web1": {"transport": "local", "exec": "deny"}, "web2": {"transport": "local"}}}),
    )
    site.runbook("narrow", category="routine", steps=[{"id": "look", "checks": CHECKS}], targets="web1")
    site.run("publish")
    draft = {**json.loads((site.root / "runbooks/routine/narrow.yaml").read_text()), "targets": "web1,web2"}
    (site.root / "draft.yaml").write_text(json.dumps(draft))
    denied = site.run("check", "try", "draft.yaml", "there")
    assert (denied.returncode, "web1" in denied.stderr) == (2, True)
    assert site.run("check", "try", "draft.yaml", "there", "--host", "web2").returncode == 0
    stranger = site.run("check", "try", "narrow", "there", "--host", "web2")
    assert (stranger.returncode, "not made on web2" in stranger.stderr) == (2, True)
    (site.root / "empty.yaml").write_text("- a\n")
    assert "no runbook file" in site.run("check", "try", "empty.yaml", "there").stderr


def test_pollers_get_one_line_and_an_exit_code(site):
    assert site.run("check", "nagios", "morning").returncode == 3
    site.run("publish")
    never = site.run("check", "nagios", "morning")
    assert (never.returncode, never.stdout.splitlines()) == (3, ["UNKNOWN: No run of this runbook has ended yet"])
    site.run("run", "morning")
    good = site.run("check", "nagios", "morning")
    assert (good.returncode, len(good.stdout.splitlines())) == (0, 1)
    assert good.stdout.startswith("OK: 2 checks: 2 OK | 'critical'=0;;;0;2 ")
    assert "'localhost load load5'=" in good.stdout
    stale = site.run("check", "nagios", "morning", "--max-age", "0s")
    assert (stale.returncode, stale.stdout.startswith("UNKNOWN: The last run is")) == (3, True)
    assert site.run("check", "nagios", "morning", "--host", "web9").returncode == 3
    (site.root / "here").unlink()
    site.run("run", "morning")
    bad = site.run("check", "nagios", "morning")
    assert (bad.returncode, "localhost The file: " in bad.stdout) == (2, True)
    assert site.run("check", "nagios", "morning", "--check", "load").returncode == 0


@pytest.mark.parametrize(
    "words", [("morning", "--bogus"), (), ("morning", "--max-age", "soon"), ("morning", "--workspace", "/nowhere")]
)
def test_whatever_is_wrong_with_the_question_is_unknown_and_never_critical(site, words):
    done = site.run("check", "nagios", *words)
    assert (done.returncode, done.stdout.startswith("UNKNOWN: ")) == (3, True)


def test_trying_a_look_at_a_log_takes_nothing_from_the_next_real_look(site):
    log = site.write("app.log", "start\n")
    check = {"id": "errors", "kind": "log", "path": str(log), "alarm": ["ERROR"]}
    site.runbook("logs", category="routine", steps=[{"id": "look", "checks": [check]}])
    site.run("publish")
    site.run("run", "logs")
    log.write_text("start\nERROR one\n", encoding="utf-8")
    assert site.json("check", "try", "logs", "errors")["checks"][0]["verdict"] == "CRITICAL"
    assert site.run("run", "logs").returncode == 1
