"""A file of tickets beside the register."""

import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temanashi.books import Occasion, ProposedTask, Register, Rules, Seconds, drafts_of, registered
from temanashi.ledger.records import Record
from temanashi.people import Actor
from temanashi.runbooks.model import Demand
from temanashi.text import LocalText, explain
from temanashi.workspace.importing.tickets.kinds import BadMapping, KindMap, TicketKinds, kinds_of
from temanashi.workspace.importing.tickets.reading import BadTicketFile, NoTickets, read_tickets
from temanashi.workspace.importing.tickets.taking_over import plan_tickets
from temanashi.workspace.importing.workbook import WorkbookTooLarge

TOKYO = ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 11, 21)
HEAD = "チケット番号,受付日,種別,台数,状態,依頼者,備考\n"


def task(name, ja, en, demand=None):
    return ProposedTask(
        task=name,
        title=LocalText(ja=ja, en=en),
        category="account",
        owner="ops",
        demand=demand or Demand(),
        seconds=Seconds.of_minutes(10),
    )


TASKS = {
    one.task: one
    for one in (
        task("reset-password", "パスワード再発行", "Reset a password"),
        task("stop-service", "サービス停止", "Stop a service"),
        task("tapped", "電話の依頼", "Calls", Demand(source="tally")),
        task("daily", "日次点検", "Daily", Demand(calendar="day")),
        task("daily-2", "日次点検", "Daily", Demand(calendar="day")),
    )
}
RULES = Rules(tasks=TASKS, versions={}, today=TODAY)


def planned(tmp_path, text, *, register=None, told=None, given=None, encoding="utf-8", rules=RULES):
    file = tmp_path / "tickets.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    kinds = KindMap(TASKS, told or TicketKinds(), given or {})
    return plan_tickets(read_tickets(file, zone=TOKYO), kinds, rules, register or Register())


def recorded(occasions, register=None):
    drafts = drafts_of(occasions, register or Register(), recorder="tickets", actor=Actor(name="佐藤"), channel="cli")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    common = {"chain": "main", "schema_version": 1, "recorded_at": at, "prev_hash": "", "body_hash": ""}
    records = [Record(seq=n, event_id=str(n), hash=str(n), draft=draft, **common) for n, draft in enumerate(drafts, 1)]
    return registered(records, TOKYO)


def told(plan):
    return [(flaw.place, flaw.message.text("ja")) for flaw in plan.flaws]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_tickets_are_read_in_every_encoding_that_excel_saves(tmp_path, encoding):
    text = HEAD + "INC-1,2026/11/05,パスワード再発行,3台,完了,総務 高橋①,急ぎ\n"
    plan = planned(tmp_path, text, encoding=encoding)
    (one,) = plan.taken
    assert (one.standing, one.place, plan.complete) == ("new", "A2", True)
    assert one.occasion == Occasion(
        task="reset-password", key="INC-1", day=date(2026, 11, 5), targets=3, ticket="INC-1", beneficiary="総務 高橋①"
    )


def test_english_headings_tabs_and_a_title_above_the_table_are_understood(tmp_path):
    text = "Export of tickets\n\nID\tCreated\tCategory\tStatus\n7\t2026-11-05T10:00:00Z\treset-password\tClosed\n"
    (one,) = planned(tmp_path, text).taken
    assert (one.occasion.key, one.occasion.day, one.occasion.targets, one.place) == ("7", date(2026, 11, 5), 0, "A4")


def test_every_bad_cell_of_every_row_is_told_with_its_place(tmp_path):
    text = HEAD + (
        "INC-1,11/20/2026,なぞ,0,,,\n"
        ",2026-11-05,パスワード再発行,,,,\n"
        "INC-3,,,,,,\n"
        "1.23457E+12,2026-11-05,サービス停止,,,,\n"
        "INC-5,2026-11-22,サービス停止,,,,\n"
        "INC-6,2026-11-05,なぞ,,,,\n"
        "INC-7,2026-11-05,電話の依頼,,,,\n"
        "INC-8,2026-11-05,日次点検,,,,\n"
        "INC-9,1999-11-05,daily,,,,\n"
        "INC-10,2026-11-05,サービス停止,,,,\n"
    )
    plan = planned(tmp_path, text)
    assert [place for place, _ in told(plan)] == ["B2", "D2", "A3", "B4", "C4", "A5", "A6", "C7", "A8", "C9", "A10"]
    sentences = dict(told(plan))
    assert "「11/20/2026」は日付として読めません" in sentences["B2"]
    assert "桁が失われて" in sentences["A5"]
    assert "2026-11-22" in sentences["A6"]
    assert "種別「なぞ」がどの作業か分かりません" in sentences["C7"]
    assert "tally から記録すると決められています" in sentences["A8"]
    assert "daily、daily-2" in sentences["C9"] or "daily, daily-2" in sentences["C9"]
    assert [one.occasion.key for one in plan.taken] == ["INC-10"]
    assert (plan.unknown, plan.file.bad_rows) == ({"なぞ": 1}, 4)
    for flaw in plan.flaws:
        assert flaw.message.text("en") != flaw.message.text("ja")


def test_one_ticket_with_different_data_is_none_and_alike_rows_are_one(tmp_path):
    text = HEAD + (
        "INC-1,2026-11-05,サービス停止,1,,,\nINC-1,2026-11-06,サービス停止,1,,,\n"
        "ＩＮＣ-2,2026-11-05,サービス停止,1,,,\nINC-2,2026/11/5,サービス停止,1台,,,別の備考\n"
    )
    plan = planned(tmp_path, text)
    assert [one.occasion.key for one in plan.taken] == ["INC-2"]
    assert [place for place, _ in told(plan)] == ["A2", "A3"]
    assert "A2" in told(plan)[1][1]


def test_the_same_ticket_again_is_the_same_occasion(tmp_path):
    first = planned(tmp_path, HEAD + "INC-1,2026-11-05,サービス停止,1,対応中,,\nINC-2,2026-11-05,サービス停止,1,,,\n")
    register = recorded(first.occasions)
    text = HEAD + "INC-1,2026-11-05,サービス停止,1,完了,,\nINC-2,2026-11-07,サービス停止,1,,,\nINC-3,2026-11-05,サービス停止,1,,,\n"
    again = planned(tmp_path, text, register=register)
    assert [one.standing for one in again.taken] == ["known", "new", "differs"]
    assert [one.key for one in again.occasions] == ["INC-3"]
    assert again.by_task() == {"stop-service": {"known": 1, "new": 1, "differs": 1}}
    moved = planned(tmp_path, HEAD + "INC-1,2026-11-05,reset-password,1,完了,,\n", register=register)
    assert "「stop-service」の1件としてすでに" in told(moved)[0][1]


def test_a_cancelled_ticket_becomes_a_cancellation_with_its_reason(tmp_path):
    head = "番号,受付日,種別,状態,取消理由\n"
    register = recorded(planned(tmp_path, head + "1,2026-11-05,サービス停止,対応中,\n").occasions)
    plan = planned(
        tmp_path, head + '1,2026-11-05,サービス停止,取消,"不要に\nなった"\n2,2026-11-05,サービス停止,却下,\n', register=register
    )
    assert [(one.standing, one.occasion.cancelled) for one in plan.taken] == [("cancel", "取消: 不要に なった"), ("new", "却下")]
    drafts = drafts_of(plan.occasions, register, recorder="tickets", actor=Actor(name="佐藤"), channel="cli")
    assert [(draft.slot, draft.outcome, draft.reason) for draft in drafts] == [
        ("1", "cancelled", "取消: 不要に なった"),
        ("2", "", ""),
        ("2", "cancelled", "却下"),
    ]
    after = recorded(plan.occasions)
    assert after.cancelled["stop-service", "2"].reason == "却下"
    reopened = planned(tmp_path, head + "2,2026-11-05,サービス停止,対応中,\n", register=after)
    assert [one.standing for one in reopened.taken] == ["cancelled"]
    assert reopened.occasions == []


def test_kinds_are_told_by_this_time_then_the_file_then_ids_and_titles(tmp_path):
    text = HEAD + "".join(f"{n},2026-11-05,{kind},,,,\n" for n, kind in enumerate(["PW", "Stop a Service", "雑談", "ＰＷ "], 1))
    site = TicketKinds(kinds={"pw": "reset-password"}, ignore=("雑談",))
    plan = planned(tmp_path, text, told=site)
    assert [(one.occasion.key, one.occasion.task) for one in plan.taken] == [
        ("1", "reset-password"),
        ("4", "reset-password"),
        ("2", "stop-service"),
    ]
    assert (plan.ignored, plan.complete) == ({"雑談": 1}, True)
    other = planned(tmp_path, text, told=site, given=kinds_of(["PW=stop-service", "Stop a service=-"], TASKS))
    assert {one.occasion.task for one in other.taken} == {"stop-service"}
    assert other.ignored == {"雑談": 1, "Stop a Service": 1}


@pytest.mark.parametrize("words", [["PW"], ["=stop-service"], ["PW=stop-servise"], ["PW=stop-service", "ｐｗ=reset-password"]])
def test_a_mapping_without_kind_or_task_or_twice_is_refused(words):
    with pytest.raises(BadMapping) as caught:
        kinds_of(words, TASKS)
    assert any(task in explain(caught.value, "ja").what for task in ("stop-service", "reset-password"))


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+81-3", "@SUM(A1)", "-1", "<script>alert(1)</script>", "a\tb"])
def test_texts_that_would_be_formulas_elsewhere_stay_texts(tmp_path, text):
    plan = planned(tmp_path, f'番号,受付日,種別,依頼者\n"{text}",2026-11-05,サービス停止,"{text}"\n')
    (one,) = plan.taken
    assert one.occasion.key == one.occasion.ticket == one.occasion.beneficiary == " ".join(text.split())


def refusal(error, call, *words):
    with pytest.raises(error) as caught:
        call()
    for lang in ("ja", "en"):
        explained = explain(caught.value, lang)
        assert explained.next
        assert "{" not in explained.what + explained.next
    for word in words:
        assert word in explain(caught.value, "ja").what
    return caught.value


def test_files_that_are_no_lists_of_tickets_are_refused_with_what_is_missed(tmp_path):
    refusal(NoTickets, lambda: planned(tmp_path, ""), "番号", "受付日", "種別")
    error = refusal(NoTickets, lambda: planned(tmp_path, "番号,件名,種別\n1,あ,い\n"), "受付日")
    assert "種別" not in explain(error, "ja").what.split(":")[-1]
    refusal(BadTicketFile, lambda: planned(tmp_path, b"\x81\xff\xfe\x00"), "文字コード")
    refusal(BadTicketFile, lambda: planned(tmp_path, HEAD.encode() + b"a\x00b"), "文字のファイルではありません")
    refusal(BadTicketFile, lambda: planned(tmp_path, HEAD + '1,"2026'), "引用符")
    refusal(BadTicketFile, lambda: planned(tmp_path, HEAD + "x\n" * 50_001), "50000")
    refusal(BadTicketFile, lambda: read_tickets(tmp_path / "none.csv", zone=TOKYO), "none.csv")
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(50_000_001)
    refusal(BadTicketFile, lambda: read_tickets(tmp_path / "huge.csv", zone=TOKYO), "50 MB")


@pytest.fixture
def book(tmp_path):
    def made(*rows, head=("ID", "Created", "Category"), change=None):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "表"
        for row in (head, *rows):
            sheet.append(row)
        if change is not None:
            change(sheet)
        book.save(tmp_path / "tickets.xlsx")
        kinds = KindMap(TASKS, TicketKinds(), {})
        return plan_tickets(read_tickets(tmp_path / "tickets.xlsx", zone=TOKYO), kinds, RULES, Register())

    return made


def test_a_workbook_is_read_with_dates_numbers_and_other_sheets(book):
    def change(sheet):
        sheet.parent.create_sheet("説明")["A1"] = "読み方"
        sheet.row_dimensions[3].hidden = True

    moment = datetime(2026, 11, 5, 23, 30)  # noqa: DTZ001  (as Excel saves it)
    plan = book((1001.0, moment, "stop-service"), ("INC-2", date(2026, 11, 6), "stop-service"), change=change)
    assert [(one.occasion.key, one.occasion.day.day, one.place) for one in plan.taken] == [
        ("1001", 5, "表!A2"),
        ("INC-2", 6, "表!A3"),
    ]
    assert plan.complete
    assert [note.message.key for note in plan.file.notes] == ["demand.hidden-rows", "demand.other-sheet"]


def test_formulas_failed_formulas_mangled_and_struck_numbers_are_told(book):
    def change(sheet):
        sheet["A2"] = "=ROW()"
        sheet["A5"].font = openpyxl.styles.Font(strike=True)

    plan = book(
        ("x", "2026-11-05", "stop-service"),
        ("#REF!", "2026-11-05", "stop-service"),
        (1.5, "2026-11-05", "stop-service"),
        ("INC-4", "2026-11-05", "stop-service"),
        ("x" * 201, "2026-11-05", "#N/A"),
        change=change,
    )
    assert plan.taken == []
    assert [(flaw.place, flaw.message.key.removeprefix("demand.row-")) for flaw in plan.flaws] == [
        ("A2", "formula"),
        ("A3", "broken"),
        ("A4", "mangled"),
        ("A5", "struck"),
        ("A6", "bad-key"),
        ("C6", "broken"),
    ]


def test_more_rows_than_anybody_reads_are_refused_and_not_cut_off(book):
    def change(sheet):
        sheet["A50002"] = "INC-9"

    with pytest.raises(WorkbookTooLarge):
        book(("INC-1", "2026-11-05", "stop-service"), change=change)


def test_long_texts_are_told(tmp_path):
    plan = planned(tmp_path, f"番号,受付日,種別,依頼者\n1,2026-11-05,サービス停止,{'あ' * 201}\n")
    assert told(plan) == [("D2", "長すぎます（200 文字まで）。")]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "D", ""]),
        st.sampled_from(["2026-11-05", "2026/11/5", "2026-10-31", "x"]),
        st.sampled_from(["サービス停止", "reset-password", "なぞ"]),
        st.sampled_from(["", "1", "2"]),
        st.sampled_from(["", "取消", "完了"]),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, seed=st.integers(0, 1000))
def test_order_and_repetition_of_rows_make_no_difference(tmp_path, rows, seed):
    head = "番号,受付日,種別,台数,状態"
    other = [*rows, *rows[: len(rows) // 2]]
    random.Random(seed).shuffle(other)
    one, two = (planned(tmp_path, "\n".join([head, *map(",".join, each)])) for each in (rows, other))
    assert one.occasions == two.occasions
    assert recorded(one.occasions) == recorded(two.occasions) == recorded([*two.occasions, *one.occasions][::-1])
    assert one.complete == two.complete
