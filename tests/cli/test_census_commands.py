"""The census out to Excel and in again, and a baseline frozen by two people, as they type it."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from temanashi.books import read_manual_work
from temanashi.workspace.opening import open_installation
from temanashi.workspace.yaml_source import read_yaml

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()
STEPS = [{"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}]
HEAD = ["作業ID", "作業名", "分類", "担当", "頻度", "人数", "1回の分数", "最小", "最大", "区分", "時間帯", "申告者", "申告日"]
GOOD = [
    "reconcile",
    "入出金の照合",
    "定常業務",
    "経理係",
    "毎日",
    "2名",
    "30分",
    "20",
    "60",
    "立会い",
    "夜間50%",
    "鈴木",
    "2026/04/03",
]


@pytest.fixture
def tema(tema):
    tema.runbook(
        "daily", steps=STEPS, toil={"demand": {"calendar": "day"}, "minutes": 12}, title={"ja": "毎日の作業", "en": "Daily"}
    )
    tema.runbook("calls", steps=STEPS, toil={"demand": {"source": "alerts"}}, title={"ja": "電話", "en": "Calls"})
    return tema


def sheet_csv(*rows, encoding="utf-8", head=HEAD):
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    return text.getvalue().encode(encoding)


def put(tema, *rows, name="census.csv", **more):
    file = tema.root / name
    file.write_bytes(sheet_csv(*rows, **more))
    return str(file)


def row(**change):
    told = dict(zip(HEAD, GOOD, strict=True)) | change
    return [told[name] for name in HEAD]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_sheet_goes_out_and_comes_in_again_filled(tema, lang):
    file = tema.root / "c.xlsx"
    assert tema.run("--lang", lang, "census", "export", str(file)).returncode == 0
    book = load_workbook(file)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    tasks = [cell.value for cell in sheet["A"]][1:4]
    assert tasks == ["calls", "daily", "good"]
    assert len(sheet.data_validations.dataValidation) >= 6
    columns = {name: heads.index(text) + 1 for name, text in HEADS[lang].items()}
    for number, (often, minutes) in {2: (25, 3.5), 3: ("", 15)}.items():
        sheet.cell(number, columns["minutes"], minutes)
        if often:
            sheet.cell(number, columns["demand"], often)
        sheet.cell(number, columns["says"], "鈴木")
        sheet.cell(number, columns["day"], date(2026, 4, 3))
    new = sheet.max_row + 3
    for name, value in {"title": "=cmd|'/c calc'!A1", "category": CATEGORY[lang], "owner": "@ops", "demand": 2}.items():
        cell = sheet.cell(new, columns[name], value)
        cell.data_type = "s" if isinstance(value, str) else "n"
    sheet.cell(new, columns["minutes"], "1時間30分")
    sheet.cell(new, columns["says"], "+佐藤").data_type = "s"
    book.save(file)
    told = tema.json("census", "import", str(file), "--dry-run")
    assert (told["imported"], told["complete"], told["unfilled"], len(told["estimates"])) == (False, True, 1, 3)
    assert tema.json("census")["tasks"][0]["entry"] is None
    done = tema.run("--lang", lang, "census", "import", str(file))
    assert done.returncode == 0, done.stderr
    lines = {line["task"]: line for line in tema.json("census")["tasks"]}
    assert (lines["calls"]["demand"], lines["calls"]["grade"]) == ({"calendar": None, "per_month": 25.0, "source": "alerts"}, "C")
    assert lines["daily"]["seconds"]["setup"] == 900
    (fresh,) = [line for task, line in lines.items() if task not in {"calls", "daily", "good"}]
    assert fresh["seconds"]["setup"] == 5400
    stub = read_yaml((tema.root / f"runbooks/routine/{fresh['task']}.yaml").read_text(encoding="utf-8")).data
    assert stub["title"]["ja"].startswith("=cmd")
    assert tema.run("validate").returncode == 0
    again = tema.root / "again.xlsx"
    tema.run("census", "export", str(again))
    values = [cell for line in load_workbook(again).worksheets[0].iter_rows() for cell in line if cell.value is not None]
    assert [cell.value for cell in values if cell.data_type == "f"] == []
    told = tema.json("census", "import", str(again), "--dry-run")
    assert (len(told["estimates"]), told["same"], told["runbooks"]) == (0, 3, [])


NAMES = ("title", "category", "owner", "demand", "minutes", "says", "day")
HEADS = {
    "ja": dict(zip(NAMES, ("作業名", "分類", "担当", "頻度", "1回の分数", "申告者", "申告日"), strict=True)),
    "en": dict(zip(NAMES, ("Task", "Category", "Owner", "Frequency", "Minutes", "Who says so", "Date"), strict=True)),
}
CATEGORY = {"ja": "定常業務", "en": "routine"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_csv_of_a_japanese_excel_makes_a_stub_and_an_estimate(tema, encoding):
    done = tema.run("--lang", "ja", "census", "import", put(tema, GOOD, encoding=encoding), "--as", "佐藤")
    assert done.returncode == 0, done.stderr
    assert "見積もり 1 件を取り込みました" in done.stdout
    assert "runbooks/routine/reconcile.yaml" in done.stdout
    stub = read_yaml((tema.root / "runbooks/routine/reconcile.yaml").read_text(encoding="utf-8")).data
    toil = {"demand": {"calendar": "day"}, "minutes": 30, "persons": 2, "kind": "attend", "hours": {"night": 0.5}}
    assert (stub["toil"], stub["owner"]) == (toil, "経理係")
    (line,) = [line for line in tema.json("census")["tasks"] if line["task"] == "reconcile"]
    assert (line["points"], line["entry"]["recorded_by"], line["lacking"]) == ([1200, 3600], "佐藤", ["signature"])
    assert tema.run("validate").returncode == 0
    assert tema.run("publish").returncode == 0
    assert tema.json("census", "import", str(tema.root / "census.csv"))["runbooks"] == []


WRONG = {
    "作業ID": ("Bad Id", "A2"),
    "作業名": ("", "B2"),
    "分類": ("雑用", "C2"),
    "担当": ("", "D2"),
    "頻度": ("ときどき", "E2"),
    "人数": ("0", "F2"),
    "1回の分数": ("長い", "G2"),
    "最小": ("", "H2"),
    "最大": ("25", "H2"),
    "区分": ("見学", "J2"),
    "時間帯": ("夜間80% 早朝30%", "K2"),
    "申告者": ("", "L2"),
    "申告日": ("2999/01/01", "M2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_cell_is_told_with_its_address_and_nothing_is_written(tema, name):
    value, place = WRONG[name]
    done = tema.run("census", "import", put(tema, row(**{name: value})))
    assert done.returncode == 1
    assert f"  {place}  " in done.stdout
    assert "{" not in done.stdout
    assert not (tema.root / "runbooks/routine/reconcile.yaml").exists()
    assert all(line["entry"] is None for line in tema.json("census")["tasks"])


def test_every_bad_cell_is_told_at_once_and_good_rows_are_not_taken_over(tema):
    bad = {name: value for name, (value, _) in WRONG.items() if name not in {"最小", "最大"}}
    broken = row(作業ID="other", 作業名="#REF!", 頻度="", **{"1回の分数": ""})
    told = tema.json("census", "import", put(tema, GOOD, row(**bad), broken, GOOD))
    places = {flaw["place"] for flaw in told["flaws"]}
    assert {"A3", "C3", "D3", "E3", "F3", "G3", "J3", "K3", "L3", "M3", "B4", "E4", "G4", "A5"} <= places
    assert (told["imported"], told["complete"]) == (False, False)
    assert all(line["entry"] is None for line in tema.json("census")["tasks"])
    japanese = tema.run("--lang", "ja", "census", "import", str(tema.root / "census.csv")).stdout
    assert "何も取り込んでいません" in japanese


def test_a_name_that_a_file_has_already_is_told(tema):
    (tema.root / "runbooks/routine/reconcile.yaml").write_text("id: 1\n", encoding="utf-8")
    told = tema.json("census", "import", put(tema, GOOD))
    assert [flaw["problem"] for flaw in told["flaws"]] == ["census.cell-taken"]
    assert (tema.root / "runbooks/routine/reconcile.yaml").read_text(encoding="utf-8") == "id: 1\n"


def test_a_japanese_name_gives_the_same_id_each_time(tema):
    told = [tema.json("census", "import", put(tema, row(作業ID="")), "--dry-run")["estimates"][0]["task"] for _ in range(2)]
    assert told[0] == told[1]
    assert told[0].startswith("task-")
    named = tema.json("census", "import", put(tema, row(作業ID="", 作業名="毎日の 作業")), "--dry-run")
    assert (named["estimates"][0]["task"], named["runbooks"]) == ("daily", [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "Task, Minutes, Who says so"),
        ("作業名,1回の分数\n照合,3\n".encode(), "Who says so"),
        (b"\x00\x01\x02\x03", "cannot be read"),
        (b'a,"b\n', "cannot be read"),
        (b"PK\x03\x04nothing", "census.csv"),
    ],
)
def test_a_file_that_is_no_census_is_refused(tema, content, said):
    (tema.root / "census.csv").write_bytes(content)
    done = tema.run("census", "import", str(tema.root / "census.csv"))
    assert done.returncode == 2
    assert said in done.stderr
    assert tema.run("census", "import", str(tema.root / "nowhere.csv")).returncode == 2


def test_a_sheet_that_cannot_be_written_is_told(tema):
    done = tema.run("census", "export", str(tema.root / "no/such/folder.xlsx"))
    assert done.returncode == 2
    assert "folder.xlsx" in done.stderr


def test_two_people_freeze_a_baseline_and_a_missed_task_makes_version_2(tema):
    assert "no baseline version" in tema.run("baseline", "versions").stdout
    nothing = tema.run("baseline", "freeze")
    assert (nothing.returncode, "nothing to freeze" in nothing.stderr) == (2, True)
    tema.run("census", "import", put(tema, GOOD))
    first = tema.run("baseline", "freeze", "--note", "初回", "--as", "佐藤")
    assert first.returncode == 0, first.stderr
    assert "Prepared version 1 of the baseline: 1 tasks (1 to be signed)" in first.stdout
    assert "Left out" in first.stdout
    alone = tema.run("baseline", "confirm", "--as", "佐藤")
    assert (alone.returncode, "cannot confirm it" in alone.stderr) == (2, True)
    assert tema.run("baseline", "confirm", "--as", "田中", "--number", "2").returncode == 2
    assert "is frozen" in tema.run("baseline", "confirm", "--as", "田中").stdout
    assert tema.json("baseline")["signed"]["reconcile"][0]["signed_by"] == "佐藤"
    tema.run("census", "import", put(tema, row(作業ID="missed", 作業名="忘れた作業", 頻度="20")))
    tema.run("baseline", "freeze", "--as", "田中")
    assert "was refused: 件数が違う" in tema.run("baseline", "refuse", "--reason", "件数が違う").stdout
    assert "no reason" in tema.run("baseline", "refuse").stderr
    told = tema.json("baseline", "freeze", "--as", "田中")
    assert (told["number"], told["state"], [task["change"] for task in told["tasks"]]) == (2, "waiting", ["new", "carried"])
    assert tema.json("baseline", "confirm", "--as", "佐藤")["state"] == "confirmed"
    shown = tema.run("--lang", "ja", "baseline", "versions").stdout
    assert "第1版" in shown
    assert "取り下げ" in shown
    line = next(line for line in shown.splitlines() if line.startswith("missed"))
    assert " -  " in line
    assert "60分" in line
    assert [version["state"] for version in tema.json("baseline", "versions")] == ["confirmed", "refused", "confirmed"]
    late = tema.run("baseline", "freeze", "--since", (TODAY.replace(day=1) - timedelta(days=1)).isoformat())
    assert late.returncode == 2
    assert tema.run("baseline", "freeze", "--since", "gestern").returncode == 2


def test_the_list_says_what_is_missing_in_words(tema):
    shown = tema.run("--lang", "ja", "census")
    assert "作業 3 件、足りないもののある作業 3 件" in shown.stdout
    line = next(line for line in shown.stdout.splitlines() if "毎日の作業" in line)
    assert "根拠 D" in line
    assert "足りないもの: 申告者、署名" in line
    tema.run("census", "import", put(tema, GOOD))
    assert "grade C  60 min  30." in tema.run("census").stdout
    assert "Wrote 4 tasks" in tema.run("census", "export", str(tema.root / "c.xlsx")).stdout
    assert tema.json("census", "export", str(tema.root / "c.xlsx"))["tasks"] == 4
    said = tema.run("census", "import", put(tema, row(申告者="田中")), "--dry-run").stdout
    assert "1 estimates can be taken over (0 as before, 0 not filled in)" in said
    assert "Would write" not in said


def test_one_task_is_signed_with_persons_and_three_points(tema):
    done = tema.run("baseline", "sign", "daily", "--minutes", "10", "--persons", "2", "--least", "5", "--as", "佐藤")
    assert done.returncode == 0, done.stderr
    (signed,) = tema.json("baseline")["signed"]["daily"]
    assert (signed["seconds"]["persons"], signed["points"]) == (2, [300, 900])
    refused = tema.run("baseline", "sign", "daily", "--minutes", "10", "--most", "5")
    assert (refused.returncode, "three points" in refused.stderr) == (2, True)


def test_measured_runs_go_before_what_people_say(tema):
    run = tema.json("run", "daily")["id"]
    assert tema.run("checklist", run, "--start", "--as", "佐藤").returncode == 0
    tema.run("census", "import", put(tema, row(作業ID="daily", 作業名="毎日の作業")))
    with open_installation(tema.root) as opened, opened.database.reading() as connection:
        since = datetime.now(UTC) - timedelta(days=1)
        assert read_manual_work(opened.ledger, connection, {"daily"}, since=since) == []
    assert tema.run("checklist", run, "--tick", "1", "--as", "佐藤").returncode == 0
    done = tema.run("checklist", run, "--done", "--as", "佐藤")
    assert done.returncode == 0, done.stderr
    with open_installation(tema.root) as opened, opened.database.reading() as connection:
        read = read_manual_work(opened.ledger, connection, {"daily"}, since=since)
        assert {record.draft.kind for record in read} == {"decision", "run_finished", "step_done"}
        assert {record.draft.run for record in read} == {run}
        assert read_manual_work(opened.ledger, connection, {"calls"}, since=since) == []
    line = next(line for line in tema.json("census")["tasks"] if line["task"] == "daily")
    assert line["grade"] in {"B", "C"}
