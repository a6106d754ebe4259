"""Months of a real installation: prepared by one person, closed by another, and never changed by what comes later."""

import dataclasses
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text, update

from fixtures_killing import Deadly, in_another_process
from fixtures_months import OCTOBER, SATO, TANAKA, TOKYO, october
from temanashi.books.closing import same_figures
from temanashi.books.closing_faults import (
    AlreadyClosed,
    IssuedFileAltered,
    LedgerAltered,
    MayNotClose,
    MonthNotOver,
    NoSuchCorrection,
    NotClosed,
    NotPrepared,
    OwnCorrection,
    OwnPreparation,
    PreparedChanged,
    TablesDiffer,
)
from temanashi.books.prior import sums_of
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.checkpoints import CHECKPOINTS, CheckpointUnwritable, latest_checkpoint
from temanashi.ledger.records import Draft
from temanashi.ledger.verification import verify_database
from temanashi.ledger.verified import keep_verification
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.expected import expect, settle_occurrence, stamp
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.signatures import NotVerified
from temanashi.runs.tables import RUNS
from temanashi.settings import load_settings
from temanashi.signin.users import add_user
from temanashi.workspace.closing_months import (
    approve_month,
    ask_correction,
    decide_on_correction,
    prepare_month,
    refuse_month,
)
from temanashi.workspace.closings import issued_file, read_closings
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_people
from temanashi.workspace.month_desk import cut_off, month_desk
from temanashi.workspace.signatures import ensure_gate_key

NOVEMBER = OCTOBER.next


@pytest.fixture
def months(tmp_path):
    with october(tmp_path) as made:
        yield made


def desk(months, month=None):
    with months.opened.database.reading() as connection:
        return month_desk(months.opened, connection, months.published, month)


def test_a_month_before_the_installation_is_not_waited_for(tmp_path):
    from temanashi.workspace.opening import open_installation

    (tmp_path / "pyproject.toml").write_text('[tool.temanashi]\ncompany = "x"\ntimezone = "Asia/Tokyo"\n', encoding="utf-8")
    with open_installation(tmp_path) as opened:
        with opened.database.reading() as connection:
            found = month_desk(opened, connection, None)
        assert (found.month, found.state, found.late) == (
            str(Month.of(opened.clock.now().astimezone(TOKYO).date())),
            "running",
            False,
        )


def prepare(months, month=OCTOBER, *, actor=SATO, **more):
    return prepare_month(months.opened, months.published, month, actor=actor, channel="cli", **more)


def approve(months, month=OCTOBER, *, actor=TANAKA, **more):
    return approve_month(months.opened, months.published, month, actor=actor, channel="cli", **more)


def close(months, month=OCTOBER):
    prepare(months, month)
    return approve(months, month)


def correct(months, *, actor=SATO, month=OCTOBER, **more):
    asked = {"task": "calls", "part": "human", "seconds": 600, "reason": "電話の記録もれ"} | more
    return ask_correction(months.opened, month, actor=actor, channel="cli", **asked)


def decide(months, seq, *, actor=TANAKA, approved=True, **more):
    return decide_on_correction(months.opened, seq, approved=approved, actor=actor, channel="cli", **more)


def closed(months):
    with months.opened.database.reading() as connection:
        return read_closings(months.opened, connection)


def file(months, name, month=OCTOBER):
    with months.opened.database.reading() as connection:
        return issued_file(months.opened, connection, month, name)


def lacking(months, month=None):
    return {lack.kind: [item.name.text("en") for item in lack.items] for lack in desk(months, month).lacking}


def test_a_month_goes_from_open_over_prepared_to_closed(months):
    before = desk(months)
    assert (before.month, before.state, before.due, before.late) == ("2026-10", "open", date(2026, 11, 5), False)
    prepared = prepare(months, note="十月分です")
    waiting = desk(months)
    assert (waiting.state, waiting.current, waiting.prepared) == ("prepared", True, prepared)
    closing = approve(months, digest=prepared.digest)
    after = desk(months, OCTOBER)
    assert (after.state, after.late, after.closing, after.closed) == ("closed", False, closing, ("2026-10",))
    assert (closing.preparer, closing.approver) == ("佐藤", "田中")
    assert same_figures(closing.figures, before.figures)
    assert closing.figures.sums.credited_seconds == 3 * 900 + 1800


def test_the_checkpoint_in_the_record_is_signed_outside_and_another_one_covers_the_closing(months):
    closing = close(months)
    records = months.records()
    assert records[closing.checkpoint.seq - 1].hash == closing.checkpoint.hash
    assert closing.checkpoint.seq == closing.seq - 1
    state = months.opened.settings.state_dir
    last = latest_checkpoint(state / CHECKPOINTS)
    assert (last.seq, last.number) == (closing.seq, closing.checkpoint.number + 1)
    found = verify_database(months.opened.database, state=state, chain="main")
    assert (found.status, found.proven) == ("intact", closing.seq)


def test_the_issued_report_is_kept_in_every_language_and_for_programs(months):
    closing = close(months)
    assert [one.name for one in closing.files] == ["report-2026-10-ja.html", "report-2026-10-en.html", "report-2026-10.json"]
    assert "2026年10月" in file(months, "report-2026-10-ja.html")
    figures = json.loads(file(months, "report-2026-10.json"))["figures"]
    assert figures["sums"] == closing.figures.sums.model_dump()


def test_an_issued_file_that_somebody_changed_in_the_database_is_refused(months):
    closing = close(months)
    (kept,) = months.records("month_issued")
    with months.opened.database.transaction() as connection:
        for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        changed = "UPDATE ledger_body SET text = replace(text, '2026年10月', '2026年11月') WHERE seq = :seq"
        assert connection.execute(text(changed), {"seq": kept.seq}).rowcount == 1
    with pytest.raises(IssuedFileAltered, match=str(closing.seq)):
        file(months, "report-2026-10-ja.html")
    assert file(months, "report-2026-10.json")
    assert verify_database(months.opened.database, state=months.opened.settings.state_dir, chain="main").status == "altered"


def test_whatever_is_recorded_later_leaves_a_closed_month_as_it_was_issued(months):
    issued = close(months)
    months.at(date(2026, 11, 20))
    months.run(slot="2026-10-06")
    months.run("calls", slot="tally-2", human=60)
    months.demand("tally-late", day=date(2026, 10, 30))
    months.cancel("2026-10-08")
    months.sign(minutes=20)
    now = desk(months, OCTOBER)
    assert now.closing == issued
    assert closed(months)["2026-10"].figures == issued.figures
    assert now.figures.sums.credited_seconds > issued.figures.sums.credited_seconds
    assert sums_of(now.differences).manual_seconds == (now.figures.sums.manual_seconds - issued.figures.sums.manual_seconds)
    with pytest.raises(AlreadyClosed, match="田中"):
        prepare(months)
    with pytest.raises(AlreadyClosed):
        approve(months)
    assert file(months, "report-2026-10.json")


def test_differences_post_once_in_the_month_that_is_closed_next(months):
    close(months)
    months.at(date(2026, 11, 20)).run(slot="2026-10-06")
    asked = correct(months)
    assert desk(months, NOVEMBER).waiting[0].seq == asked.seq
    decide(months, asked.seq)
    months.at(date(2026, 12, 2))
    entries = {(one.month, one.task, one.part, one.source): one.seconds for one in desk(months).entries}
    assert entries == {
        ("2026-10", "morning-checks", "credited", "restated"): 900,
        ("2026-10", "calls", "human", "correction"): 600,
    }
    november = close(months, NOVEMBER)
    assert {(one.part, one.seconds) for one in november.prior} == {("credited", 900), ("human", 600)}
    months.at(date(2027, 1, 5))
    assert desk(months).entries == ()
    months.run(slot="2026-10-07")
    (entry,) = desk(months).entries
    assert (entry.month, entry.seconds) == ("2026-10", 900)
    assert closed(months)["2026-10"].corrections[0].approver == "田中"


def test_a_correction_that_was_refused_is_on_record_and_posts_nothing(months):
    close(months)
    asked = correct(months)
    decide(months, asked.seq, approved=False, note="記録のとおりです")
    (one,) = desk(months, OCTOBER).corrections
    assert (one.state, one.answer) == ("refused", "記録のとおりです")
    assert desk(months, NOVEMBER).entries == ()
    assert [record.draft.outcome for record in months.records("correction")] == ["asked", "refused"]


def test_an_open_month_is_not_corrected_and_an_unknown_correction_is_not_decided(months):
    with pytest.raises(NotClosed):
        correct(months)
    with pytest.raises(NoSuchCorrection, match="77"):
        decide(months, 77)
    with pytest.raises(NotClosed):
        file(months, "report-2026-10.json")


@pytest.mark.parametrize("actor", [SATO, Actor(name="sato"), Actor(name="山本", account="u-sato")])
def test_nobody_approves_what_they_prepared_or_asked_for(months, actor):
    prepare(months)
    number = len(months.records())
    with pytest.raises(OwnPreparation):
        approve(months, actor=actor)
    assert len(months.records()) == number
    assert latest_checkpoint(months.opened.settings.state_dir / CHECKPOINTS) is None
    approve(months)
    asked = correct(months)
    with pytest.raises(OwnCorrection):
        decide(months, asked.seq, actor=actor)


def test_a_closing_that_its_preparer_forged_in_the_database_counts_for_nothing_and_is_told(months):
    prepare(months)
    (prepared,) = months.records("month_prepared")
    body = {name: prepared.draft.body[name] for name in ("format", "figures", "files", "prior")}
    head = {"number": 1, "chain": "main", "seq": 1, "hash": "0", "at": "2026-11-04T00:00:00Z"}
    body |= {"prepared": prepared.seq, "checkpoint": head}
    words = {"actor": "佐藤", "slot": "2026-10", "outcome": "approved", "version": prepared.draft.version}
    forged = months.write(Draft(kind="month_closed", body=body, **words))
    assert closed(months) == {}
    assert lacking(months)["void-closing"] == [f"#{forged.seq}"]
    assert approve(months).approver == "田中"


def user(months, name, actor):
    """The person as the gate proves them: a user with what people.yaml says of their roles."""
    book, setup = book_of(months.opened), Actor(name="setup", kind="system")
    with months.opened.database.transaction() as connection:
        people = live_people(connection)
        add_user(book, connection, name, password="four short words here", people=people, actor=setup, channel="cli")
    return actor.model_copy(update={"assurance": "verified", "account": name})


def test_a_role_that_does_not_close_months_is_refused_by_every_road(tmp_path):
    with october(tmp_path, sign_in=True) as months:
        ensure_gate_key(months.opened.settings)
        sato = user(months, "sato", SATO)
        staff = user(months, "shin", Actor(name="shin"))
        prepare(months, actor=sato)
        for nobody in (staff, Actor(name="hana", assurance="verified", account="hana")):
            with pytest.raises(MayNotClose):
                approve(months, actor=nobody)
        assert closed(months) == {}


def test_where_people_sign_in_only_verified_people_close_and_only_with_the_gates_key(tmp_path):
    with october(tmp_path, sign_in=True) as months:
        ensure_gate_key(months.opened.settings)
        with pytest.raises(NotVerified):
            prepare(months)
        sato, tanaka = (user(months, name, actor) for name, actor in {"sato": SATO, "tanaka": TANAKA}.items())
        prepared = prepare(months, actor=sato)
        with pytest.raises(NotVerified):
            approve(months)
        (first,) = months.records("month_prepared")
        body = {name: first.draft.body[name] for name in ("format", "figures", "files", "prior")}
        body |= {"prepared": first.seq, "checkpoint": {"number": 1, "chain": "main", "seq": 1, "hash": "0", "at": "2026-11-04"}}
        words = {"slot": "2026-10", "outcome": "approved", "version": prepared.digest, "assurance": "verified"}
        months.write(Draft(kind="month_closed", actor="田中", body=body, **words))
        assert closed(months) == {}
        assert approve(months, actor=tanaka).approver == "田中"
        asked = correct(months, actor=sato)
        assert decide(months, asked.seq, actor=tanaka).state == "approved"


def test_figures_that_changed_since_they_were_prepared_are_not_closed(months):
    prepared = prepare(months)
    months.run(slot="2026-10-06")
    assert not desk(months).current
    with pytest.raises(PreparedChanged):
        approve(months)
    again = prepare(months)
    with pytest.raises(PreparedChanged):
        approve(months, digest=prepared.digest)
    assert approve(months, digest=again.digest).figures.sums.credited_seconds == 4 * 900 + 1800


def test_a_month_that_runs_or_was_never_prepared_is_not_closed(months):
    with pytest.raises(MonthNotOver, match="2026-11-30"):
        prepare(months, NOVEMBER)
    assert desk(months, NOVEMBER).state == "running"
    with pytest.raises(NotPrepared):
        approve(months)


def test_a_refusal_says_why_and_the_month_can_be_prepared_again(months):
    prepare(months)
    refused = refuse_month(months.opened, OCTOBER, actor=TANAKA, channel="cli", reason="依頼が足りません")
    assert (refused.refused_by, refused.reason) == ("田中", "依頼が足りません")
    told = desk(months)
    assert (told.state, told.refused.reason) == ("open", "依頼が足りません")
    with pytest.raises(NotPrepared):
        approve(months)
    close(months)


def test_the_midnight_of_tokyo_cuts_a_month_and_its_closing(months):
    """00:30 of the 1st of November in Tokyo is still October in UTC."""
    months.at(date(2026, 10, 31), 23, 30).run("calls", slot="tally-x", human=60)
    months.at(date(2026, 11, 1), 0, 30).run("calls", slot="tally-y", human=90)
    assert desk(months).figures.sums.human_seconds == 120 + 60
    assert desk(months).month == "2026-10"
    closing = close(months)
    assert (closing.figures.month, closing.figures.sums.human_seconds) == ("2026-10", 180)


def test_the_last_day_of_a_half_and_a_leap_day_belong_to_their_months(tmp_path):
    with october(tmp_path) as months:
        half, leap = Month(2026, 9), Month(2028, 2)
        assert (half.half, OCTOBER.half) == ("H1", "H2")
        months.sign(since=half.first)
        months.at(date(2026, 9, 30), 23, 59).run(slot="2026-09-30")
        months.at(date(2026, 10, 1), 0, 0).run(slot="2026-10-01")
        months.at(date(2026, 10, 2))
        assert close(months, half).figures.sums.credited_seconds == 900
        months.at(date(2028, 2, 29), 12).run(slot="2028-02-29")
        months.at(date(2028, 3, 1), 0, 1)
        assert desk(months, leap).figures.through == date(2028, 2, 29)
        assert close(months, leap).figures.sums.credited_seconds == 900


def test_the_cut_off_is_a_business_day_of_the_next_month(months):
    calendar = BusinessCalendar()
    assert cut_off(OCTOBER, 3, calendar) == date(2026, 11, 5)
    assert cut_off(Month(2026, 12), 1, calendar) == date(2027, 1, 4)
    assert cut_off(OCTOBER, 23, calendar) is None
    months.at(date(2026, 11, 6))
    assert desk(months).late
    file = months.opened.settings.root / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8") + "toil.close_business_day = 5\n", encoding="utf-8")
    assert load_settings(months.opened.settings.root, environ={}).toil.close_business_day == 5


def test_what_is_missing_is_listed_with_where_it_is_mended(months):
    assert lacking(months) == {"ledger": ["never"]}
    months.run("extra", slot="2026-10-09")
    months.cancel("tally-2", name="calls")
    months.at(date(2026, 10, 31)).run("calls", slot="tally-lost")
    months.at(date(2026, 11, 4))
    run, unknown = (started(months, day) for day in ("2026-10-20", "2026-10-21"))
    started(months, "2026-11-02")
    at = datetime(2026, 10, 22, 7, 30, tzinfo=TOKYO)
    with months.opened.database.transaction() as connection:
        connection.execute(update(RUNS).where(RUNS.c.id == unknown).values(state="unknown"))
        expect(connection, "morning-checks", "daily", at, slot=at.date(), version="v", due=at, now=at)
        settle_occurrence(connection, ("morning-checks", "daily", stamp(at)), "missing")
    items = {lack.kind: [(one.name.text("en"), one.page or one.command) for one in lack.items] for lack in desk(months).lacking}
    assert items == {
        "open-runs": [("morning-checks 2026-10-20", f"runs/{run}")],
        "unknown-runs": [("morning-checks 2026-10-21", f"runs/{unknown}")],
        "missed-runs": [("morning-checks/daily 2026-10-22 07:30", "runbooks/morning-checks/run")],
        "unsigned-tasks": [("extra", "tema baseline sign extra --minutes N --since 2026-10-01 --force")],
        "no-demand": [("Calls", "tema demand add calls --day 2026-10-DD")],
        "ledger": [("never", "audit")],
    }
    assert prepare(months).missing == tuple(items)


def started(months, slot):
    """A run that waits for a person, and serves a slot."""
    engine, runbook = months.opened.engine(), months.published.runbooks["morning-checks"]
    asked = {"runbook": runbook, "workspace_version": months.published.digest, "inventory": months.published.inventory}
    run = request_run(engine, RunRequest(**asked, inputs={}, actor=SATO, channel="cli", slot=slot))
    advance(engine, run)
    with months.opened.database.transaction() as connection:
        connection.execute(update(RUNS).where(RUNS.c.id == run).values(slot=slot))
    return run


def test_a_ledger_that_was_not_verified_since_the_month_ended_is_told(months):
    found = verify_database(months.opened.database, state=months.opened.settings.state_dir, chain="main")
    keep_verification(months.opened.settings.state_dir, found, months.clock.now())
    assert lacking(months) == {}
    months.clock.pass_by(3 * 24 * 3600)
    assert lacking(months) == {"ledger": ["stale"]}
    keep_verification(months.opened.settings.state_dir, found, datetime(2026, 10, 31, 14, 0, tzinfo=UTC))
    months.at(date(2026, 11, 1))
    assert lacking(months) == {"ledger": ["intact"]}


def test_months_between_the_last_closed_one_and_this_one_are_told(months):
    close(months)
    months.at(date(2027, 2, 1))
    assert desk(months).month == "2026-11"
    january = {lack.kind: lack.items for lack in desk(months, Month(2027, 1)).lacking}
    assert [item.page for item in january["earlier-month"]] == ["month?month=2026-11", "month?month=2026-12"]
    assert "unverified-demand" in january


def test_a_ledger_that_was_found_altered_closes_no_month(months):
    prepare(months)
    state = months.opened.settings.state_dir
    found = verify_database(months.opened.database, state=state, chain="main")
    keep_verification(state, found.model_copy(update={"status": "altered"}), months.clock.now())
    with pytest.raises(LedgerAltered):
        approve(months)


def test_tables_for_quick_reading_that_tell_other_figures_close_no_month(months):
    prepared = prepare(months)
    with months.opened.database.transaction() as connection:
        for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        assert connection.execute(text("DELETE FROM ledger_work WHERE seq = 4")).rowcount == 1
    with pytest.raises(TablesDiffer, match="reindex"):
        approve(months)
    with pytest.raises(TablesDiffer):
        approve(months, digest=prepared.digest)
    assert closed(months) == {}


def test_of_two_who_approve_at_once_one_closes_the_month_and_the_other_is_told(months):
    prepare(months)
    actors = [TANAKA, Actor(name="高橋")]
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(approve, months, actor=actor) for actor in actors]
    errors = [answer.exception() for answer in answers]
    assert sorted(type(error).__name__ for error in errors) == ["AlreadyClosed", "NoneType"]
    assert len(months.records("month_closed")) == 1


def test_on_postgresql_two_approvers_queue_and_one_closes_the_month(tmp_path, monkeypatch, postgresql_url):
    monkeypatch.setenv("TEMA_DATABASE_URL", postgresql_url)
    with october(tmp_path) as months:
        prepare(months)
        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(approve, months, actor=actor) for actor in (TANAKA, Actor(name="高橋"))]
        errors = [answer.exception() for answer in answers]
        assert sorted(type(error).__name__ for error in errors) == ["AlreadyClosed", "NoneType"]
        months.run(slot="2026-10-06")
        assert [entry.seconds for entry in desk(months, OCTOBER).differences] == [900]
        assert file(months, "report-2026-10.json")


def test_alerts_for_which_no_rule_names_an_owner_are_told(months):
    for key, owner in {"disk": "", "web": "ops"}.items():
        body = {"title": f"{key} is full", "source": "alerts", "owner": owner}
        months.at(date(2026, 10, 20))
        common = {"actor": "alertmanager", "actor_kind": "system", "channel": "alert"}
        months.write(Draft(kind="incident", slot=key, outcome="opened", team=owner, body=body, **common))
    months.at(date(2026, 11, 4))
    assert lacking(months)["unassigned-alerts"] == ["disk is full"]


def test_without_a_place_for_the_checkpoint_nothing_is_closed(months):
    prepare(months)
    (months.opened.settings.state_dir / CHECKPOINTS).write_text("in the way", encoding="utf-8")
    with pytest.raises(CheckpointUnwritable):
        approve(months)
    assert closed(months) == {}


@pytest.mark.parametrize(("when", "there"), [("before", False), ("after", True)])
def test_a_process_that_is_killed_while_it_closes_leaves_nothing_or_a_closed_month(months, when, there):
    prepare(months)
    opened = dataclasses.replace(months.opened, database=Deadly(months.opened.database, at=1, when=when))
    work = {"actor": TANAKA, "channel": "cli"}

    def killed():
        approve_month(opened, months.published, OCTOBER, **work)

    assert in_another_process(killed) == -signal.SIGKILL
    assert ("2026-10" in closed(months)) is there
    status = verify_database(months.opened.database, state=months.opened.settings.state_dir, chain="main")
    assert status.status == "intact"
    if not there:
        assert approve(months).approver == "田中"


def test_work_of_the_next_months_first_days_restates_a_week_of_the_closed_month(months):
    """A week belongs to the month of its Monday: the 1st of December 2026 is a Tuesday."""
    close(months)
    assert desk(months, OCTOBER).differences == ()
    months.at(date(2026, 11, 5)).run(slot="2026-11-05")
    assert desk(months, OCTOBER).differences == ()
    assert closed(months)["2026-10"].closed_at < months.clock.now() + timedelta(days=1)
