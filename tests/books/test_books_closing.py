"""Two people close a month, and what they sealed never changes."""

import json
from datetime import date

import pytest

from books.bookkeeping import FRIDAY, Books, at, proposed
from books.closings import (
    DECEMBER,
    FACES,
    HEAD,
    PEOPLE,
    approve,
    ask,
    close,
    decide,
    forged,
    hand,
    prepare,
    refuse,
    signing,
    verified,
)
from temanashi.books.closing import closings, issued_text, preparations, same_figures, void_closings
from temanashi.books.closing_faults import (
    BadSeconds,
    CloserNotAPerson,
    ClosingUnreadable,
    CorrectionDecided,
    CorrectionWithoutReason,
    IssuedFileAltered,
    NoIssuedFile,
    NotACorrectableFigure,
    OwnCorrection,
    OwnPreparation,
    RefusalWithoutReason,
    TextTooLong,
    UnknownTaskOfMonth,
)
from temanashi.books.corrections import corrections
from temanashi.books.prior import PriorEntry, differences, sums_of
from temanashi.books.sealing import Proof
from temanashi.ledger.records import Record
from temanashi.people import People
from temanashi.runs.signatures import CannotSign, NotVerified, Signatures


@pytest.fixture
def november(books):
    """A signed task whose checks ran on one Friday of November."""
    books.sign(on=date(2026, 11, 2))
    books.run()
    return books


def test_a_month_is_closed_by_another_person_than_its_preparer(november):
    prepare(november, note="月次です")
    assert closings(november.records) == {}
    record = approve(november)
    closing = closings(november.records)["2026-11"]
    assert (closing.preparer, closing.approver, closing.seq) == ("佐藤", "田中", record.seq)
    assert same_figures(closing.figures, november.figures())
    assert closing.checkpoint == HEAD
    assert {file.name: file.bytes for file in closing.files} == {name: len(text.encode()) for name, text in FACES.items()}
    assert record.draft.approvers == ("田中",)
    assert (closing.prepared_at, closing.closed_at) == (at(DECEMBER), at(DECEMBER, 10))


@pytest.mark.parametrize(("name", "account"), [("佐藤", ""), ("sato", ""), ("ＳＡＴＯ", ""), ("山田", "u-sato")])
def test_whoever_prepared_a_month_cannot_approve_it_under_any_name(november, name, account):
    prepare(november)
    with pytest.raises(OwnPreparation, match=name):
        approve(november, hand(name, account=account))
    assert closings(november.records) == {}


def test_an_account_that_prepared_under_another_name_cannot_approve_under_its_own(november):
    prepare(november, hand("田中", account="u-sato"))
    with pytest.raises(OwnPreparation):
        approve(november, hand("佐藤"))


def test_a_record_forged_in_the_database_that_one_person_prepared_and_approved_closes_nothing(november):
    prepare(november)
    approve(november)
    *before, last = november.records
    own = [*before, forged(last, actor="佐藤", approvers=("佐藤",), body=last.draft.body | {"identities": []})]
    assert closings(own, Proof(people=PEOPLE)) == {}
    assert void_closings(own, Proof(people=PEOPLE)) == (last.seq,)
    system = [*before, forged(last, actor="temanashi", actor_kind="system")]
    assert closings(system) == {}


def test_where_people_sign_in_only_what_the_gate_signed_closes_a_month(november):
    signatures = signing()
    proof = Proof(signatures=signatures, people=PEOPLE)
    prepare(november, verified("佐藤", signatures))
    approve(november, verified("田中", signatures), proof=proof)
    assert closings(november.records, proof)["2026-11"].approver == "田中"
    *before, last = november.records
    for word in (
        {"actor": "高橋"},
        {"body": last.draft.body | {"note": "後から"}},
        {"body": {name: value for name, value in last.draft.body.items() if name != "signature"}},
    ):
        assert closings([*before, forged(last, **word)], proof) == {}
    assert closings(november.records, Proof(signatures=signing("another gate"))) == {}


def test_who_did_not_sign_in_neither_prepares_nor_approves_where_people_sign_in(november):
    signatures = signing()
    with pytest.raises(NotVerified):
        prepare(november, hand("佐藤", signatures=signatures))
    with pytest.raises(CannotSign):
        prepare(november, verified("佐藤", Signatures(holds=signatures.holds)))
    with pytest.raises(CloserNotAPerson):
        prepare(november, hand("temanashi", kind="system"))


def test_a_closing_that_names_another_preparation_or_month_is_void(november):
    prepare(november)
    approve(november)
    *before, last = november.records
    for word in (
        {"slot": "2026-10"},
        {"version": "sha256:0"},
        {"body": last.draft.body | {"prepared": last.seq}},
        {"body": last.draft.body | {"prepared": "1"}},
        {"outcome": "refused"},
    ):
        assert closings([*before, forged(last, **word)]) == {}


def test_a_closed_month_that_cannot_be_read_is_no_open_one(november):
    prepare(november)
    approve(november)
    *before, last = november.records
    figures = last.draft.body["figures"] | {"goal": 0.9}
    for body in (last.draft.body | {"figures": figures}, last.draft.body | {"checkpoint": {}}):
        with pytest.raises(ClosingUnreadable, match="2026-11"):
            closings([*before, forged(last, body=body)])


def test_figures_that_a_later_program_wrote_more_of_keep_their_digest(november):
    """The digest is of what stands in the record, and so of nothing that a program adds when it reads."""
    prepare(november)
    approve(november)
    assert closings([Record.model_validate_json(record.model_dump_json()) for record in november.records])["2026-11"]


def test_what_is_recorded_later_leaves_issued_figures_as_they_are_and_is_restated_beside_them(november):
    issued = close(november)
    assert issued.figures.sums.credited_seconds == 900
    november.run(on=date(2026, 11, 19), slot="2026-11-19")
    november.cancel("morning-checks", "2026-11-18")
    again = closings(november.records)["2026-11"]
    assert again == issued
    restated = november.figures()
    assert restated.sums.credited_seconds == 1800
    entries = differences(issued.figures, restated)
    assert {(entry.task, entry.part): entry.seconds for entry in entries} == {
        ("morning-checks", "demand"): -900,
        ("morning-checks", "credited"): 900,
    }
    assert sums_of(entries).manual_seconds == restated.sums.manual_seconds - issued.figures.sums.manual_seconds
    assert differences(issued.figures, restated, entries) == ()


def test_work_of_no_task_is_a_difference_too(november):
    issued = close(november)
    november.run(task="", human=120, on=FRIDAY)
    entries = differences(issued.figures, november.figures())
    assert [(entry.task, entry.part, entry.seconds) for entry in entries] == [("", "human", 120)]


def test_the_first_closing_of_a_month_counts_and_a_second_one_is_void(november):
    first = close(november)
    prepare(november, hand("高橋"))
    record = approve(november, hand("田中"))
    assert closings(november.records)["2026-11"] == first
    assert void_closings(november.records) == (record.seq,)


def test_a_refused_preparation_waits_for_nobody_and_says_why(november):
    prepare(november, missing=("open-runs",))
    assert preparations(november.records)["2026-11"].missing == ("open-runs",)
    with pytest.raises(RefusalWithoutReason):
        refuse(november, reason=" ")
    refuse(november)
    refused = preparations(november.records)["2026-11"]
    assert (refused.refused_by, refused.reason) == ("田中", "依頼が足りません")
    prepare(november)
    assert preparations(november.records)["2026-11"].refused_by == ""


def test_a_preparation_that_was_altered_is_none(november):
    record = prepare(november)
    changed = forged(record, body=record.draft.body | {"figures": record.draft.body["figures"] | {"goal": 0.1}})
    assert preparations([*november.records[:-1], changed]) == {}
    gone = forged(record, body={})
    assert preparations([*november.records[:-1], gone]) == {}


def test_an_issued_file_is_read_as_it_was_sealed_and_an_altered_one_is_refused(november):
    closing = close(november)
    (kept,) = [record for record in november.records if record.draft.kind == "month_issued"]
    assert issued_text(closing, [kept], "report.html") == FACES["report.html"]
    texts = {"report.html": "<p>十二月</p>", "report.json": FACES["report.json"]}
    altered = forged(kept, body={"texts": texts})
    with pytest.raises(IssuedFileAltered, match=r"report\.html"):
        issued_text(closing, [altered], "report.html")
    assert issued_text(closing, [altered], "report.json") == "{}\n"
    for lost in ([], [forged(kept, body={})], [forged(kept, body={"texts": {"report.html": 1}})]):
        with pytest.raises(IssuedFileAltered):
            issued_text(closing, lost, "report.html")
    with pytest.raises(NoIssuedFile, match=r"report\.html"):
        issued_text(closing, [kept], "../report.html")


def test_a_correction_posts_as_a_prior_period_entry_when_another_person_approves_it(november):
    close(november)
    asked = ask(november)
    assert closings(november.records)["2026-11"].corrections == ()
    decide(november, asked)
    (entry,) = closings(november.records)["2026-11"].corrections
    assert entry == PriorEntry(
        month="2026-11", task="morning-checks", part="credited", seconds=-600, source="correction", reason="記録の誤り",
        by="佐藤", approver="田中", seq=asked.seq,
    )  # fmt: skip
    assert (entry.manual_seconds, entry.figures.bridged) == (600, 600)


def test_a_refused_correction_is_on_record_and_posts_nothing(november):
    close(november)
    asked = ask(november)
    with pytest.raises(RefusalWithoutReason):
        decide(november, asked, approved=False)
    decide(november, asked, approved=False, note="記録は正しい")
    (correction,) = corrections(november.records)
    assert (correction.state, correction.decided_by, correction.answer) == ("refused", "田中", "記録は正しい")
    assert closings(november.records)["2026-11"].corrections == ()
    with pytest.raises(CorrectionDecided, match="田中"):
        decide(november, asked)


@pytest.mark.parametrize("by", [hand("sato"), hand("山田", account="u-sato")])
def test_nobody_decides_their_own_correction(november, by):
    close(november)
    asked = ask(november)
    for approved in (True, False):
        with pytest.raises(OwnCorrection):
            decide(november, asked, by=by, approved=approved, note="-")


def test_a_decision_forged_in_the_database_corrects_nothing(november):
    close(november)
    asked = ask(november)
    decide(november, asked)
    *before, last = november.records
    people = Proof(people=PEOPLE)
    for word in (
        {"actor": "佐藤", "body": last.draft.body | {"identities": []}},
        {"actor_kind": "system"},
        {"slot": "2026-10"},
        {"body": last.draft.body | {"hash": "0"}},
        {"body": last.draft.body | {"asked": 1}},
        {"outcome": "noted"},
    ):
        (correction,) = corrections([*before, forged(last, **word)], people)
        assert correction.state == "asked"
    first = november.records.index(asked)
    bad = [*november.records[:first], forged(asked, body={"seconds": "many"}), last]
    assert corrections(bad) == ()
    signed = Proof(signatures=signing(), people=People())
    assert corrections(november.records, signed) == ()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"task": "mornin-checks"}, UnknownTaskOfMonth),
        ({"part": "baseline"}, NotACorrectableFigure),
        ({"part": "reduction"}, NotACorrectableFigure),
        ({"seconds": 0}, BadSeconds),
        ({"seconds": 10**9}, BadSeconds),
        ({"reason": "  "}, CorrectionWithoutReason),
        ({"reason": "長" * 2001}, TextTooLong),
    ],
)
def test_a_correction_that_cannot_be_is_refused_before_anything_is_recorded(november, words, error):
    close(november)
    before = len(november.records)
    with pytest.raises(error):
        ask(november, **words)
    assert len(november.records) == before


def test_a_correction_of_no_task_stands_for_the_whole_month(november):
    close(november)
    decide(november, ask(november, task="", part="human", seconds=300))
    (entry,) = closings(november.records)["2026-11"].corrections
    assert (entry.task, entry.manual_seconds) == ("", 300)


def test_entries_of_every_part_keep_the_bridge_closed():
    for part, effect in {"baseline": 60, "demand": 60, "method": 60, "credited": -60, "human": 60, "new": 60}.items():
        own = PriorEntry(month="2026-11", task="a", part=part, seconds=60, source="restated").figures
        assert own.bridged == own.manual == effect


def test_a_month_of_a_leap_year_is_closed_with_its_29th_day():
    books = Books()
    from temanashi.calendars import Month

    leap, day = Month(2028, 2), date(2028, 2, 29)
    books.sign(proposed(), on=date(2028, 2, 1))
    books.run(on=day)
    figures = books.figures(month=leap)
    assert figures.through == day
    closing = close(books, month="2028-02", figures=figures)
    assert closing.figures.sums.credited_seconds == 900
    assert json.loads(closing.model_dump_json())["figures"]["through"] == "2028-02-29"
