"""`tema month`: what two people type to close a month and to correct it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()
LAST = TODAY.replace(day=1) - timedelta(days=1)
MONTH = f"{LAST:%Y-%m}"
STEPS = [{"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}]


@pytest.fixture
def tema(tema):
    tema.runbook("daily", steps=STEPS, toil={"demand": {"calendar": "day"}, "minutes": 6})
    assert tema.run("baseline", "sign", "daily", "--minutes", "6", "--since", f"{MONTH}-01", "--force").returncode == 0
    return tema


@pytest.fixture
def closed(tema):
    assert tema.run("month", "prepare", MONTH, "--as", "佐藤").returncode == 0
    assert tema.run("month", "approve", MONTH, "--as", "田中").returncode == 0
    return tema


def test_two_people_close_a_month_and_each_is_told_what_comes_next(tema):
    told = tema.run("month", "status")
    assert told.stdout.splitlines()[0].endswith("is not closed.")
    assert "tema audit verify" in told.stdout
    assert f"tema month prepare {MONTH}" in told.stderr
    hours = f"{LAST.day / 10:.1f}"
    done = tema.run("month", "prepare", "--as", "佐藤", "--note", "month end")
    assert f"佐藤 prepared {MONTH}: {hours} manual hours are left." in done.stdout
    assert "1 kinds of things are lacking" in done.stderr
    digest = done.stderr.rsplit("--digest ", 1)[1].strip()
    assert "waits for an approver" in tema.run("month", "status", MONTH).stdout
    own = tema.run("month", "approve", "--as", "佐藤")
    assert (own.returncode, "Only another person" in own.stderr) == (2, True)
    other = tema.run("month", "approve", "--as", "田中", "--digest", "0123")
    assert (other.returncode, "Nothing was closed" in other.stderr) == (2, True)
    done = tema.run("month", "approve", "--as", "田中", "--digest", digest)
    assert f"{MONTH} is closed (prepared by 佐藤, approved by 田中): {hours} manual hours are left." in done.stdout
    assert "is closed." in tema.run("month", "status", MONTH).stdout
    again = tema.run("month", "prepare", MONTH)
    assert (again.returncode, "never changes" in again.stderr) == (2, True)


def test_a_program_reads_every_answer_as_json(tema):
    assert tema.json("month", "status")["state"] == "open"
    prepared = tema.json("month", "prepare", MONTH, "--as", "佐藤")
    assert (prepared["month"], prepared["missing"]) == (MONTH, ["ledger"])
    refused = tema.json("month", "refuse", "--reason", "まだです", "--as", "田中")
    assert (refused["refused_by"], refused["reason"]) == ("田中", "まだです")
    again = tema.json("month", "prepare", MONTH, "--as", "佐藤")
    closing = tema.json("month", "approve", MONTH, "--as", "田中", "--digest", again["digest"][7:19])
    assert closing["digest"] == again["digest"]
    asked = tema.json("month", "correct", MONTH, "--task", "daily", "--figure", "human", "--minutes", "5", "--reason", "x")
    assert (asked["state"], asked["seconds"]) == ("asked", 300)
    assert tema.json("month", "approve", "--correction", str(asked["seq"]), "--as", "田中")["state"] == "approved"
    shown = tema.json("month", "show", MONTH)
    assert shown["issued"]["corrections"][0]["seconds"] == 300
    assert shown["issued"]["figures"]["sums"] == shown["restated"]["sums"]


def test_a_refusal_names_its_reason_and_the_month_is_prepared_again(tema):
    tema.run("month", "prepare", MONTH, "--as", "佐藤")
    assert tema.run("month", "refuse", "--as", "田中").returncode == 2
    done = tema.run("month", "refuse", "--as", "田中", "--reason", "依頼が足りません")
    assert "田中 refused the preparation" in done.stdout
    assert "依頼が足りません" in tema.run("month", "status", MONTH).stdout
    assert "Nothing of" in tema.run("month", "approve", MONTH, "--as", "田中").stderr


def test_an_issued_file_is_taken_out_exactly_as_it_was_issued(closed):
    files = {one["name"]: one["sha256"] for one in closed.json("month", "show", MONTH)["issued"]["files"]}
    assert "exactly what was issued" in closed.run("month", "show", MONTH, "-o", "out.html").stdout
    name = f"report-{MONTH}.json"
    closed.run("month", "show", MONTH, "--file", name)
    for written, issued in {"out.html": f"report-{MONTH}-en.html", name: name}.items():
        assert hashlib.sha256((closed.root / written).read_bytes()).hexdigest() == files[issued]
    assert json.loads((closed.root / name).read_bytes())["figures"]["month"] == MONTH
    lost = closed.run("month", "show", MONTH, "-o", "no/such/folder.html")
    assert (lost.returncode, "no/such/folder.html" in lost.stderr) == (2, True)
    assert "is no file that was issued" in closed.run("month", "show", MONTH, "--file", "x").stderr


def test_what_was_issued_and_what_the_ledger_tells_now_stand_side_by_side(closed):
    assert "restated" not in closed.run("month", "show").stdout
    assert closed.run("demand", "cancel", "daily", f"{MONTH}-05", "--reason", "停電").returncode == 0
    told = closed.run("--lang", "ja", "month", "show", MONTH).stdout
    line = next(line for line in told.splitlines() if line.startswith("残る手作業"))
    issued, now = (float(word) for word in line.split()[1:])
    assert round(issued - now, 1) == 0.1
    assert "締めた後の記録による差: 1 件" in told
    assert "後からの記録" in closed.run("--lang", "ja", "month", "status", f"{TODAY:%Y-%m}").stdout


def test_a_correction_is_asked_for_by_one_and_decided_by_another(closed):
    words = ["month", "correct", MONTH, "--task", "daily", "--figure", "credited", "--minutes", "-30", "--reason", "二重", "--as"]
    asked = closed.run(*words, "佐藤")
    seq = asked.stderr.rsplit("--correction ", 1)[1].strip()
    assert "credited -0.5 h" in asked.stdout.replace("\N{MINUS SIGN}", "-")
    assert seq in closed.run("month", "status", f"{TODAY:%Y-%m}").stdout
    own = closed.run("month", "approve", "--correction", seq, "--as", "佐藤")
    assert (own.returncode, "Only another person" in own.stderr) == (2, True)
    refused = closed.run("month", "refuse", "--correction", seq, "--reason", "正しい", "--as", "田中")
    assert f"Correction {seq}, refused by 田中" in refused.stdout
    assert "正しい" in closed.run("month", "show", MONTH).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["approve"], "not clear which month"),
        (["show"], "not clear which month"),
        (["correct", "--minutes", "5", "--reason", "x"], "not clear which month"),
        (["correct", MONTH, "--figure", "human", "--minutes", "5", "--reason", "x"], "is not closed"),
        (["status", "2026-13"], "2026-13"),
        (["prepare", f"{TODAY:%Y-%m}"], "is not over yet"),
        (["approve", "--correction", "999"], "no correction 999"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_next_step(tema, words, told):
    done = tema.run("month", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Next" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--figure", "baseline", "--minutes", "5", "--reason", "x"], "demand, method, credited, human, new"),
        (["--figure", "human", "--reason", "x"], "cannot be of"),
        (["--figure", "human", "--minutes", "0.001", "--reason", "x"], "cannot be of"),
        (["--figure", "human", "--minutes", "5"], "no reason"),
        (["--figure", "human", "--minutes", "5", "--reason", "x", "--task", "dayly"], "daily"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_with_a_next_step(closed, words, told):
    done = closed.run("month", "correct", MONTH, *words)
    assert done.returncode == 2
    assert told in done.stderr
