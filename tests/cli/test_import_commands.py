"""`tema import`: what it writes, what it says, and its exit codes."""

import json

import pytest
from openpyxl import Workbook


@pytest.fixture
def workbook(tema):
    def make(rows, name="手順書.xlsx"):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tema.root / name)
        return name

    return make


GOOD = [["月次処理"], ["No", "作業内容", "所要時間（分）"], [1, "開く", 5], [2, "閉じる", 3]]


def test_a_procedure_becomes_a_file_that_validates_and_runs(tema, workbook):
    done = tema.run("import", "xlsx", workbook(GOOD), "--id", "month-end")
    assert done.returncode == 0
    assert "runbooks/routine/month-end.yaml" in done.stdout
    assert tema.run("validate").returncode == 0
    assert tema.run("run", "month-end").returncode == 4


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_was_left_is_listed_and_makes_the_exit_code_1(tema, workbook, lang):
    file = workbook([*GOOD, [3, "待つ", "適宜"]])
    done = tema.run("import", "xlsx", file, "--lang", lang)
    assert done.returncode == 1
    assert "Sheet!C5" in done.stdout
    assert "適宜" in done.stdout
    assert "imports." not in done.stdout + done.stderr
    assert "Sheet!C5" in (tema.root / "runbooks/routine/procedure.yaml").read_text(encoding="utf-8")


def test_a_dry_run_shows_the_file_and_writes_nothing(tema, workbook):
    done = tema.run("import", "xlsx", workbook(GOOD), "--dry-run", "--category", "maintenance")
    assert done.returncode == 0
    assert "category: maintenance" in done.stdout
    assert not (tema.root / "runbooks/maintenance").exists()


def test_a_program_gets_the_findings_and_the_text(tema, workbook):
    answer = tema.json("import", "xlsx", workbook([*GOOD, [3, "待つ", "適宜"]]), "--title", "題", "--dry-run")
    assert (answer["written"], answer["complete"]) == (False, False)
    [made] = answer["runbooks"]
    assert made["file"] == "runbooks/routine/procedure.yaml"
    assert {"kind": "left", "place": "Sheet!C5"}.items() <= made["findings"][0].items()
    assert "題" in made["text"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["import", "xlsx", "手順書.xlsx", "--id", "good"], "workspace.id-taken"),
        (["import", "xlsx", "手順書.xlsx", "--id", "No Good"], "workspace.bad-id"),
        (["import", "xlsx", "手順書.xlsx", "--category", "other"], "cli.unknown-category"),
        (["import", "xlsx", "nowhere.xlsx"], "cli.file-trouble"),
        (["import", "xlsx", "pyproject.toml"], "imports.bad-workbook"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_written(tema, workbook, words, error):
    workbook(GOOD)
    before = sorted(tema.root.rglob("*.yaml"))
    done = tema.run(*words, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == error
    assert sorted(tema.root.rglob("*.yaml")) == before


def test_jobs_of_rundeck_become_files_and_the_list_of_what_was_left(tema):
    jobs = "- {name: Uptime, sequence: {commands: [{exec: uptime}]}}\n- {name: Fetch, sequence: {commands: [{scripturl: 'http://x'}]}}\n"
    (tema.root / "jobs.yaml").write_text(jobs)
    done = tema.run("import", "rundeck", "jobs.yaml", "--category", "incident")
    assert done.returncode == 1
    assert "runbooks/incident/uptime.yaml" in done.stdout
    assert "Fetch / sequence.commands[1].scripturl" in done.stdout
    assert tema.run("validate").returncode == 0
    assert tema.run("run", "uptime").returncode == 0
    assert tema.run("run", "fetch").returncode == 4
    again = tema.run("import", "rundeck", "jobs.yaml", "--category", "incident")
    assert again.returncode == 2
