"""`tema demand add`, `list`, `cancel` and `import` as a person types them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

STEPS = [{"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}]


def today():
    """Asked for when it is needed: a suite may begin on the evening before."""
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()


def last_month():
    return today().replace(day=1) - timedelta(days=1)


@pytest.fixture
def tema(tema):
    tema.runbook(
        "reset-password", steps=STEPS, toil={"demand": "request"}, title={"ja": "パスワード再発行", "en": "Reset a password"}
    )
    tema.runbook("calls", steps=STEPS, toil={"demand": {"source": "alerts"}})
    tema.runbook("daily", steps=STEPS, toil={"demand": {"calendar": "day"}})
    return tema


def test_an_occasion_is_added_listed_and_cancelled_with_a_reason(tema):
    done = tema.run(
        "demand", "add", "reset-password", "--ticket", "ＩＮＣ-1", "--targets", "2", "--for", "総務 高橋", "--as", "佐藤"
    )
    assert done.returncode == 0
    assert f"Recorded one occasion of Reset a password: INC-1 ({today()})" in done.stdout
    assert "tema demand cancel reset-password INC-1 --reason" in done.stderr
    again = tema.run("demand", "add", "reset-password", "--key", "INC-1", "--targets", "2")
    assert "stays one occasion" in again.stdout
    assert "another day or number" in tema.run("demand", "add", "reset-password", "--key", "INC-1").stdout
    (one,) = tema.json("demand", "list")["occasions"]
    assert (one["key"], one["by"], one["for"], one["source"], one["targets"]) == ("INC-1", "佐藤", "総務 高橋", "hand", 2)
    assert one["cancelled"] is None
    refused = tema.run("demand", "cancel", "reset-password", "INC-1")
    assert (refused.returncode, "without a reason" in refused.stderr) == (2, True)
    assert (
        "Cancelled INC-1"
        in tema.run("demand", "cancel", "reset-password", "INC-1", "--reason", "二重の登録", "--as", "佐藤").stdout
    )
    before = tema.run("demand", "cancel", "reset-password", "INC-1", "--reason", "別の理由").stdout
    assert "cancelled before by 佐藤 (二重の登録)" in before
    assert "stays so" in tema.run("demand", "add", "reset-password", "--key", "INC-1").stdout
    shown = tema.run("--lang", "ja", "demand", "list", "--task", "reset-password").stdout.splitlines()
    assert shown[0] == f"{today():%Y-%m} の依頼: 0 件（ほかに取り消し 1 件）"
    assert shown[1:] == [
        "reset-password  パスワード再発行",
        f"  {today()}  INC-1  2台  手入力  佐藤  依頼: 総務 高橋  取り消し: 二重の登録（佐藤）",
    ]


def test_two_calls_without_a_ticket_are_two_occasions(tema):
    keys = {tema.json("demand", "add", "reset-password")["key"] for _ in range(2)}
    assert len(keys) == 2
    assert len(tema.json("demand", "list")["occasions"]) == 2


def test_an_earlier_day_counts_in_its_month_and_the_terminal_says_so(tema):
    done = tema.run("demand", "add", "reset-password", "--day", str(last_month()), "--key", "INC-7")
    assert f"1 of {last_month():%Y-%m} count in {last_month():%Y-%m}" in done.stderr
    assert tema.json("demand", "list")["occasions"] == []
    assert [one["key"] for one in tema.json("demand", "list", "--month", f"{last_month():%Y-%m}")["occasions"]] == ["INC-7"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "reset-pasword"], "reset-password"),
        (["add", "daily"], "tema demand cancel daily DAY"),
        (["add", "reset-password", "--day", "2999-01-01"], "2999-01-01 cannot be the day"),
        (["add", "reset-password", "--day", "1999-01-01"], "1999-01-01 cannot be the day"),
        (["add", "reset-password", "--day", "11/20"], "11/20"),
        (["add", "reset-password", "--key", "x" * 201], "200 characters"),
        (["add", "reset-password", "--targets", "100001"], "100001"),
        (["cancel", "reset-password", "INC-9", "--reason", "x"], "no recorded occasion INC-9"),
        (["cancel", "daily", "INC-9", "--reason", "x"], "INC-9 is no slot"),
        (["cancel", "nothing", "INC-9", "--reason", "x"], "nothing"),
        (["list", "--task", "nothing"], "nothing"),
        (["list", "--month", "november"], "november"),
        (["import", "none.csv"], "none.csv"),
        (["import", "none.csv", "--map", "x"], "--map x"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(tema, words, told):
    done = tema.run("demand", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert tema.json("demand", "list")["occasions"] == []


def test_a_day_of_the_calendar_is_cancelled_and_listed(tema):
    day = f"{today():%Y-%m}-15"
    assert tema.run("demand", "cancel", "daily", day, "--reason", "全館停電").returncode == 0
    assert tema.json("demand", "list")["cancelled_slots"] == [{"task": "daily", "slot": day, "reason": "全館停電", "by": "alice"}]
    shown = tema.run("demand", "list").stdout
    assert f"  {day}  daily  cancelled: 全館停電 (alice)" in shown.splitlines()


def test_a_person_corrects_what_a_machine_records(tema):
    assert tema.run("demand", "add", "calls", "--key", "A-1").returncode == 0


def test_an_empty_month_says_how_to_begin(tema):
    assert "tema demand import FILE" in tema.run("demand", "list").stdout


HEAD = "番号,受付日,種別,状態,依頼者\n"


def test_a_file_with_a_bad_row_records_nothing_unless_the_rest_is_wanted(tema):
    tema.write(
        "t.csv",
        f"{HEAD}1,{today()},パスワード再発行,完了,高橋\n2,{last_month()},パスワード再発行,取消,\n3,{today()},雑談,,\n4,きのう,雑談,,\n",
    )
    done = tema.run("demand", "import", "t.csv")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "Nothing was recorded: of 4 rows 2 were not understood (2 of the others are new)."
    assert "  reset-password  2 new" in lines
    assert '  C4 3  Which task the kind "雑談" means is not known. Close: calls, daily, good, reset-password' in lines
    assert any(line.startswith("  B5 4  ") for line in lines)
    assert "--map 雑談=TASK" in done.stderr
    assert tema.json("demand", "list")["occasions"] == []
    rest = tema.run("demand", "import", "t.csv", "--skip-bad", "--as", "佐藤")
    assert rest.returncode == 1
    assert rest.stdout.startswith("Recorded 2 new occasions (4 rows read, 2 left out).")
    assert "1 were cancelled or rejected" in rest.stdout
    (one,) = tema.json("demand", "list")["occasions"]
    assert (one["key"], one["source"], one["ticket"], one["by"], one["for"]) == ("1", "tickets", "1", "佐藤", "高橋")
    (other,) = tema.json("demand", "list", "--month", f"{last_month():%Y-%m}")["occasions"]
    assert other["cancelled"] == {"reason": "取消", "by": "佐藤"}


def test_a_look_before_records_nothing_and_a_mapping_is_remembered_in_a_file(tema):
    tema.write("t.csv", f"{HEAD}1,{today()},PW,完了,\n2,{today()},雑談,,\n")
    look = tema.run("demand", "import", "t.csv", "--map", "PW=reset-password", "--map", "雑談=-", "--dry-run")
    assert look.returncode == 0
    assert look.stdout.splitlines()[0] == "1 would be new (2 rows read, 0 not understood). Nothing was recorded."
    assert '  1 of kind "雑談", which is not ours' in look.stdout.splitlines()
    assert look.stderr.splitlines()[-3:] == ["  kinds:", '    "PW": reset-password', '  ignore: ["雑談"]']
    assert tema.json("demand", "list")["occasions"] == []
    tema.write("runbooks/site/tickets.yaml", "kinds: {PW: reset-password}\nignore: [雑談]\n")
    assert tema.run("publish").returncode == 0
    told = tema.json("demand", "import", "t.csv")
    assert (told["recorded"], told["complete"], told["ignored"]) == (True, True, {"雑談": 1})
    assert [(one["key"], one["standing"]) for one in told["tickets"]] == [("1", "new")]
    again = tema.json("demand", "import", "t.csv")
    assert [(one["key"], one["standing"]) for one in again["tickets"]] == [("1", "known")]
    assert len(tema.json("demand", "list")["occasions"]) == 1


def test_many_bad_rows_are_cut_on_the_terminal_and_whole_in_json(tema):
    tema.write("t.csv", HEAD + "".join(f"{n},{today()},?,,\n" for n in range(1, 71)))
    done = tema.run("demand", "import", "t.csv")
    assert "10" in done.stdout.splitlines()[-1]
    assert len(tema.json("demand", "import", "t.csv")["left_out"]) == 70


def test_nobody_asked_in_a_month_is_said_once_and_an_occasion_found_later_counts(tema):
    month = f"{last_month():%Y-%m}"
    done = tema.run("demand", "none", "reset-password", "--month", month, "--as", "佐藤")
    assert f"Reset a password: nobody asked in {month}" in done.stdout
    assert "tema demand add reset-password --day" in done.stderr
    assert "佐藤 said before" in tema.run("demand", "none", "reset-password", "--month", month).stdout
    assert tema.json("demand", "none", "reset-password", "--month", month)["new"] is False
    tema.run("demand", "add", "reset-password", "--day", str(last_month()), "--key", "INC-8")
    refused = tema.run("demand", "none", "reset-password", "--month", month)
    assert (refused.returncode, "1 recorded occasions" in refused.stderr) == (2, True)


def test_what_cannot_be_said_of_a_month_is_refused(tema):
    running = tema.run("demand", "none", "reset-password", "--month", f"{today():%Y-%m}")
    assert (running.returncode, "is not over" in running.stderr) == (2, True)
    by_calendar = tema.run("demand", "none", "daily", "--month", f"{last_month():%Y-%m}")
    assert by_calendar.returncode == 2
    assert "calendar" in by_calendar.stderr
    unknown = tema.run("demand", "none", "reset-pasword", "--month", f"{last_month():%Y-%m}")
    assert (unknown.returncode, "reset-password" in unknown.stderr) == (2, True)
