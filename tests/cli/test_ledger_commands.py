"""`tema audit`, `backup`, `restore`, `baseline`, `report`, `doctor`: the ledger, the number, and what is wrong here."""

import json
import sqlite3

import pytest


def alter(tema, seq):
    file = tema.root / ".tema/temanashi.db"
    with sqlite3.connect(file) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        changed = connection.execute("UPDATE ledger SET envelope = replace(envelope, 'alice', 'mallory') WHERE seq = ?", (seq,))
        assert changed.rowcount == 1
    connection.close()


def test_verify_says_intact_altered_or_cannot_tell(tema):
    nothing = tema.run("audit", "verify", "--json")
    assert (nothing.returncode, json.loads(nothing.stdout)["status"]) == (2, "cannot_tell")
    tema.run("run", "good")
    good = tema.run("audit", "verify")
    assert good.returncode == 0
    assert "intact" in good.stdout
    alter(tema, 2)
    bad = tema.run("audit", "verify", "--json")
    answer = json.loads(bad.stdout)
    assert (bad.returncode, answer["exit"], answer["status"], answer["bad_seq"]) == (1, 1, "altered", 2)
    assert "2" in tema.run("audit", "verify").stdout
    assert tema.run("doctor").returncode == 1


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_show_tells_records_the_newest_first(tema, lang):
    tema.run("run", "good")
    lines = tema.run("audit", "show", "--lang", lang).stdout.splitlines()
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers, reverse=True)
    assert "cli.kind" not in "".join(lines)
    assert len(tema.run("audit", "show", "--limit", "2").stdout.splitlines()) == 2
    [one] = tema.json("audit", "show", "--seq", "1")
    assert one["seq"] == 1
    kinds = {
        r["draft"]["kind"]
        for r in tema.json("audit", "show", "--runbook", "good", "--kind", "run_started", "--kind", "run_finished")
    }
    assert kinds == {"run_started", "run_finished"}
    assert tema.run("audit", "show", "--runbook", "nothing").returncode == 0


def test_pruning_keeps_what_is_within_its_retention_and_the_chain_stays_whole(tema):
    tema.run("run", "good")
    kept = tema.run("audit", "prune", "--older-than-days", "3600", "--reason", "x")
    assert (kept.returncode, "10y" in kept.stderr) == (2, True)
    with (tema.root / "pyproject.toml").open("a") as file:
        file.write('[tool.temanashi.ledger]\nretention = "1d"\n')
    assert "no body to prune" in tema.run("audit", "prune", "--dry-run").stdout
    assert tema.json("audit", "prune", "--dry-run", "--older-than-days", "30")["count"] == 0
    assert tema.json("audit", "prune") | {"before": ""} == {"before": "", "count": 0, "record": None}
    refused = tema.run("audit", "prune", "--older-than-days", "0", "--reason", "x")
    assert refused.returncode == 2
    assert tema.run("audit", "prune", "--older-than-days", "1", "--reason", "保存期限").returncode == 0
    assert tema.run("audit", "verify").returncode == 0


def test_a_backup_is_restored_and_the_ledger_says_so(tema):
    tema.run("run", "good")
    assert tema.json("backup", "copy.db")["seq"] > 1
    tema.run("run", "good")
    refused = tema.run("restore", "copy.db")
    assert refused.returncode == 6
    assert "--overwrite" in refused.stderr
    assert tema.run("restore").returncode == 2
    assert tema.run("restore", "nothing.db", "--overwrite").returncode == 6
    restored = tema.run("restore", "copy.db", "--overwrite", "--reason", "訓練")
    assert restored.returncode == 0
    assert len(tema.json("runs")) == 1
    assert tema.json("audit", "show")[0]["draft"]["kind"] == "restored"
    assert tema.run("audit", "verify").returncode == 0


def test_minutes_count_when_a_person_signed_them(tema):
    tema.runbook("patrol", steps=[{"command": ["true"]}], toil={"demand": {"calendar": "day"}, "minutes": 30})
    before = tema.run("baseline")
    assert before.returncode == 0
    assert "patrol" in before.stdout
    signed = tema.run("baseline", "sign", "patrol", "--minutes", "30", "--as", "boss", "--note", "計測")
    assert signed.returncode == 2  # --note is --reason here
    signed = tema.run("baseline", "sign", "patrol", "--minutes", "30", "--as", "boss", "--reason", "計測")
    assert signed.returncode == 0, signed.stderr
    assert "boss" in tema.run("baseline").stdout
    answer = tema.json("baseline")
    assert [version["signed_by"] for version in answer["signed"]["patrol"]] == ["boss"]
    assert tema.json("report")["figures"]["sums"]["credited_seconds"] == 0
    for _ in range(2):  # the second run of a day earns nothing
        assert tema.run("run", "patrol").returncode == 0
    assert tema.json("report")["figures"]["sums"]["credited_seconds"] == 30 * 60
    assert tema.run("report").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["sign", "patrl", "--minutes", "3"],
        ["sign", "good", "--minutes", "3", "--since", "yesterday"],
        ["sign", "good", "--minutes", "-3"],
    ],
)
def test_a_signature_that_makes_no_sense_is_refused(tema, words):
    told = tema.run("baseline", *words)
    assert told.returncode == 2
    assert told.stderr


@pytest.mark.parametrize(("name", "start"), [("r.html", "<!doctype html"), ("r.csv", "\ufeff"), ("r.json", "{")])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_report_is_written_as_page_table_or_data(tema, name, start, lang):
    tema.run("run", "good")
    assert tema.run("report", "-o", name, "--lang", lang).returncode == 0
    assert (tema.root / name).read_text(encoding="utf-8").lower().startswith(start)


@pytest.mark.parametrize("words", [["-o", "r.docx"], ["--month", "2026-13"], ["--month", "May"], ["-o", "nowhere/r.html"]])
def test_a_report_that_cannot_be_is_refused_with_a_sentence(tema, words):
    told = tema.run("report", *words)
    assert told.returncode in {2, 6}
    assert "Traceback" not in told.stderr
    assert told.stderr


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_doctor_tells_what_is_wrong_and_what_to_do(tema, lang):
    tema.write("pyproject.toml", '[tool.temanashi]\nlanguages = ["ja", "en"]\nport = 1\n')
    assert tema.run("run", "good").returncode == 0
    told = tema.run("doctor", "--lang", lang)
    assert told.returncode == 0, told.stdout
    assert "doctor." not in told.stdout
    levels = {finding["level"] for finding in tema.json("doctor")}
    assert levels == {"good", "warning"}


def test_a_postgresql_that_does_not_answer_is_exit_code_6_and_the_password_is_not_told(tema):
    for words in (["runs"], ["run", "good"], ["doctor"], ["audit", "verify"]):
        told = tema.run(*words, env={"TEMA_DATABASE_URL": "postgresql://someone:hunter22@127.0.0.1:1/x"})
        assert "hunter22" not in told.stdout + told.stderr
        assert told.returncode == {"doctor": 1, "audit": 2}.get(words[0], 6)
        assert "127.0.0.1" in told.stdout + told.stderr


def test_a_database_of_a_newer_version_is_exit_code_6_and_left_alone(tema):
    tema.run("run", "good")
    file = tema.root / ".tema/temanashi.db"
    with sqlite3.connect(file) as connection:
        [table] = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'alembic%' AND type = 'table'")]
        connection.execute(f"UPDATE {table} SET version_num = '9999'")
    connection.close()
    for words in (["runs"], ["run", "good"]):
        told = tema.run(*words)
        assert told.returncode == 6
        assert "Next:" in told.stderr
    assert json.loads(tema.run("runs", "--json").stdout)["error"] == "ledger.newer"


def test_a_file_that_is_no_database_is_exit_code_6(tema):
    tema.write(".tema/temanashi.db", "not a database at all, but long enough to be looked at as one" * 50)
    told = tema.run("runs")
    assert told.returncode == 6
    assert "temanashi.db" in told.stderr


def test_commands_that_only_read_do_not_create_a_database(tema):
    for words in (["runs"], ["audit", "show"], ["resume", "x"], ["cancel", "x"]):
        assert tema.run(*words).returncode == 6
    assert not (tema.root / ".tema/temanashi.db").exists()


def test_a_database_that_was_copied_back_by_hand_is_recorded_as_restored(tema):
    tema.run("run", "good")
    told = tema.run("restore", "--record-only", "--reason", "ディスク交換")
    assert told.returncode == 0, told.stderr
    newest = tema.json("audit", "show")[0]["draft"]
    assert (newest["kind"], newest["reason"]) == ("restored", "ディスク交換")
