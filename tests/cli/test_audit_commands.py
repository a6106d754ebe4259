"""`tema audit` at the terminal: answers, JSON, exit codes, and what is told when it cannot be done."""

import json
import zipfile

import pytest


def answered(done, code=0):
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def run_id(tema):
    return json.loads(answered(tema.run("audit", "search", "--json")))["entries"][0]["run"]


@pytest.fixture
def used(tema):
    tema.run("run", "good", "--ticket", "INC-7", "--as", "山田 花子")
    tema.run("run", "good", "--as", "bob")
    return tema


def test_search_tells_one_line_an_entry_and_the_same_as_json(used):
    lines = answered(used.run("audit", "search", "--person", "花子")).splitlines()
    assert len(lines) == 1
    assert "山田 花子" in lines[0]
    told = json.loads(answered(used.run("audit", "search", "--ticket", "INC-7", "--outcome", "done", "--json")))
    assert [(entry["ticket"], entry["runbook"]) for entry in told["entries"]] == [("INC-7", "good")]
    assert told["more"] is False
    assert answered(used.run("audit", "search", "--host", "nowhere")).strip() == "Nothing was found"


def test_there_may_be_more_than_is_shown(used):
    assert "larger --limit" in answered(used.run("audit", "search", "--limit", "1"))
    assert json.loads(answered(used.run("audit", "search", "--limit", "1", "--json")))["more"] is True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--kind", "runs"), "run_requested"),
        (("--outcome", "good"), "unknown"),
        (("--period", "soon"), "2026H1"),
    ],
)
def test_a_word_that_there_is_not_is_refused_with_those_that_there_are(used, words, told):
    done = used.run("audit", "search", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert json.loads(used.run("audit", "search", *words, "--json").stdout)["error"].startswith("audit.")


def test_the_story_of_a_run(used):
    run = run_id(used)
    text = answered(used.run("audit", "run", run))
    assert "bob (asserted) asked for it" in text
    assert "It was completed." in text
    told = json.loads(answered(used.run("audit", "run", run, "--json")))
    assert (told["exit"], told["entry"]["outcome"], told["broken"]) == (0, "done", [])
    assert used.run("audit", "run", "nonesuch").returncode == 2


def test_a_verification_is_kept_and_a_checkpoint_of_ones_own_is_held_against_the_ledger(used):
    answered(used.run("audit", "verify"))
    assert json.loads((used.root / ".tema" / "verified.json").read_text())["found"]["status"] == "intact"
    (checkpoint, *_) = sorted((used.root / ".tema" / "checkpoints").iterdir())
    key = used.root / ".tema" / "keys" / "ledger-signing.pub.pem"
    assert "agrees" in answered(used.run("audit", "verify", "--checkpoint", str(checkpoint), "--key", str(key)))
    forged = used.root / "forged.json"
    forged.write_text(checkpoint.read_text().replace('"seq":', '"seq":1'))
    assert used.run("audit", "verify", "--checkpoint", str(forged)).returncode == 2
    for words in (("--checkpoint", "none.json"), ("--key", "none.pem")):
        done = used.run("audit", "verify", *words)
        assert (done.returncode, "none." in done.stderr) == (2, True)


def test_a_pack_is_written_and_proven(used, tmp_path):
    run = run_id(used)
    text = answered(used.run("audit", "pack", "--run", run, "-o", "run.zip"))
    assert "SHA-256" in text
    assert "Wrote" in text
    assert "as it was written" in answered(used.run("audit", "verify", "--pack", "run.zip"))
    told = json.loads(answered(used.run("audit", "pack", "--ticket", "INC-7", "-o", "ticket.zip", "--json")))
    assert told["runs"] == 1
    with zipfile.ZipFile(used.root / "run.zip") as pack:
        assert f"runs/{run}/plan.json" in pack.namelist()
    assert json.loads(answered(used.run("audit", "verify", "--pack", "run.zip", "--json")))["status"] == "intact"
    key = tmp_path / "key.pem"
    key.write_text((used.root / ".tema" / "keys" / "ledger-signing.pub.pem").read_text())
    answered(used.run("audit", "verify", "--pack", "run.zip", "--key", str(key)))
    done = used.run("audit", "verify", "--pack", "run.zip", "--workspace", "/")
    assert done.returncode == 2
    assert "whose key" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--run", "nonesuch", "-o", "x.zip"),
        ("-o", "x.zip"),
        ("--run", "a", "--ticket", "b", "-o", "x.zip"),
        ("--period", "never", "-o", "x.zip"),
        ("--ticket", "INC-7", "-o", "missing/x.zip"),
    ],
)
def test_a_pack_of_nothing_or_of_too_much_is_refused_and_no_file_is_left(used, words):
    assert used.run("audit", "pack", *words).returncode == 2
    assert not (used.root / "x.zip").exists()


def test_what_is_no_pack_is_refused(used):
    (used.root / "x.zip").write_text("x")
    done = used.run("audit", "verify", "--pack", "x.zip")
    assert (done.returncode, "x.zip" in done.stderr) == (2, True)


def test_a_sample_is_drawn_recorded_and_drawn_again(used):
    told = json.loads(answered(used.run("audit", "sample", "--period", "2020..2099", "--size", "1", "--seed", "s", "--json")))
    assert (told["population"], len(told["items"]), told["same"]) == (2, 1, True)
    text = answered(used.run("audit", "sample", "--again", str(told["record"])))
    assert told["population_digest"] in text
    assert "1 of 2" in text
    again = json.loads(answered(used.run("audit", "sample", "--again", str(told["record"]), "--json")))
    assert again["items"] == told["items"]


@pytest.mark.parametrize(
    "words", [(), ("--period", "2026", "--again", "1"), ("--period", "x"), ("--again", "1"), ("--period", "2026", "--kind", "x")]
)
def test_a_sample_of_nothing_that_there_is_is_refused(used, words):
    assert used.run("audit", "sample", *words).returncode == 2


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_what_was_found_is_written_whole_and_on_the_record(used, form):
    told = json.loads(answered(used.run("audit", "search", "--runbook", "good", "-o", f"found.{form}", "--json")))
    assert told["entries"] == 2
    assert (used.root / f"found.{form}").stat().st_size > 0
    assert "good" in answered(used.run("audit", "show", "--kind", "noted", "--json"))
    for file in (f"found.{form}", "found.doc", "missing/found.csv"):
        done = used.run("audit", "search", "-o", file)
        assert (done.returncode, "found" in done.stderr) == (2, True)
    assert not list(used.root.glob(".export-*"))
    assert "Wrote 2" in answered(used.run("audit", "search", "--runbook", "good", "-o", f"again.{form}"))


def test_the_index_of_the_search_is_held_against_the_ledger(used):
    assert "covers all" in answered(used.run("audit", "reindex"))
    import sqlite3

    with sqlite3.connect(used.root / ".tema" / "temanashi.db") as database:
        database.execute("DROP TRIGGER ledger_marks_no_delete")
        database.execute("DELETE FROM ledger_marks WHERE facet = 'ticket'")
    assert answered(used.run("audit", "search", "--ticket", "INC-7")).strip() == "Nothing was found"
    assert json.loads(answered(used.run("audit", "reindex", "--json"), 1))["missing"] == 1
    assert "bob" not in answered(used.run("audit", "search", "--ticket", "INC-7"))
    assert json.loads(answered(used.run("audit", "reindex", "--json"))) == {"exit": 0, "missing": 0, "rebuilt": False}


def test_the_tables_of_reports_are_held_against_the_ledger(used):
    import sqlite3

    with sqlite3.connect(used.root / ".tema" / "temanashi.db") as database:
        assert database.execute("DELETE FROM ledger_work").rowcount
    assert "tema audit reindex" in answered(used.run("audit", "verify"), 1)
    assert "made anew" in answered(used.run("audit", "reindex"), 1)
    assert json.loads(answered(used.run("audit", "reindex", "--json"))) == {"exit": 0, "missing": 0, "rebuilt": False}
    assert used.run("audit", "verify").returncode == 0
