import pytest

from fixtures_clock import StoppedClock
from fixtures_runs import make_engine
from runs.checklist_work import HANAKO, ICHIRO, JIRO, Desk, directory, manual
from temanashi.people import Actor
from temanashi.runbooks.manual_values import WrongValue
from temanashi.runs.advancing import advance
from temanashi.runs.checklist_closing import answerable as asked
from temanashi.runs.checklist_faults import (
    BadMinutes,
    ChecklistOpen,
    LineChanged,
    LineNeeded,
    NoChecklist,
    NoLine,
    NoReason,
    NotConfirmable,
    NoteTooLong,
    NotInGroup,
    RefusalWithoutReason,
    SamePerson,
)
from temanashi.runs.checklists import Act, act
from temanashi.runs.reading import run_view
from temanashi.runs.results import NoRun, NotWaiting, RunsStopped
from temanashi.runs.stopping import cancel
from temanashi.text import LANGUAGES

CASH = manual("cash", value={"title": "残高", "type": "number", "minimum": 0, "maximum": 100}, confirm=True)


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def timed(tmp_path, clock):
    made = make_engine(tmp_path, clock=clock, directory=directory)
    yield made
    made.database.close()


@pytest.fixture
def desk(timed, clock):
    return Desk(timed, clock)


@pytest.fixture
def counted(timed, clock):
    return Desk(timed, clock, CASH, manual("room", not_applicable=True), manual("seal", confirm="group:desk"))


def view(desk):
    with desk.engine.database.reading() as connection:
        return run_view(connection, desk.run)


def test_adjacent_manual_steps_are_one_wait_under_the_first(desk):
    assert (desk.waiting.step, desk.waiting.kind) == ("one", "manual")
    assert desk.waiting.prompt.text("ja") == "1. do one\n2. do two\n3. do three\n4. do four"
    assert [line.line.step for line in desk.now().lines] == ["one", "two", "three", "four"]


def test_a_checklist_of_one_line_asks_with_its_own_words(timed, clock):
    assert Desk(timed, clock, manual("only")).waiting.prompt.plain == "do only"


def test_ticks_are_saved_at_once_with_who_and_when(desk, clock):
    desk.do("begin")
    now = desk.tick(1, 3)
    assert now.done == 2
    assert [(line.state, line.by and line.by.name) for line in desk.now().lines] == [
        ("done", HANAKO.name),
        ("open", None),
        ("done", HANAKO.name),
        ("open", None),
    ]
    assert now.line(3).at == clock.now()


def test_a_tick_may_be_taken_back_and_the_history_keeps_both(desk):
    desk.do("begin")
    desk.tick(1)
    desk.do("untick", 1, after=5)
    assert desk.now().line(1).state == "open"
    assert [deed.verb for deed in desk.now().deeds] == ["begin", "tick", "untick"]


def test_a_button_pressed_twice_is_one_tick(desk):
    desk.do("begin")
    desk.tick(1, 1, 1)
    assert [deed.verb for deed in desk.now().deeds] == ["begin", "tick"]


def test_starting_twice_is_one_start(desk):
    desk.do("begin")
    desk.do("begin", after=60)
    assert len(desk.now().deeds) == 1


def test_a_colleague_takes_over_and_both_are_on_the_record(desk, clock):
    desk.do("begin")
    desk.tick(1, 2)
    desk.do("take_over", by=ICHIRO, after=600)
    assert desk.now().holder == ICHIRO
    desk.tick(3, 4, by=ICHIRO)
    record = desk.close(by=ICHIRO)
    assert record.body["started_by"] == HANAKO.name
    assert [(h["after"], h["by"]) for h in record.body["hand_overs"]] == [(HANAKO.name, ICHIRO.name)]
    assert [line["by"] for line in record.body["lines"]] == [HANAKO.name, HANAKO.name, ICHIRO.name, ICHIRO.name]
    assert {p["name"]: p["seconds_measured"] for p in record.body["people"]} == {HANAKO.name: 120, ICHIRO.name: 120}
    assert (record.human_seconds, record.human_source) == (240, "timer")


def test_what_two_people_tick_at_once_is_all_kept(desk):
    desk.do("begin")
    seen = {line.line.number: line.seen for line in desk.now().lines}
    desk.do("tick", 1, by=HANAKO, seen=seen[1])
    desk.do("tick", 2, by=ICHIRO, seen=seen[2])
    desk.do("tick", 3, by=HANAKO, seen=seen[3])
    assert [line.state for line in desk.now().lines] == ["done", "done", "done", "open"]


def test_a_stale_page_is_told_who_changed_the_line(desk):
    desk.do("begin")
    desk.tick(1, by=ICHIRO)
    with pytest.raises(LineChanged) as told:
        desk.do("tick", 1, seen=0)
    assert ICHIRO.name in str(told.value)
    with pytest.raises(LineChanged):
        desk.do("untick", 1, seen=0)
    assert desk.now().line(1).by == ICHIRO


def test_a_stale_tick_that_takes_nothing_away_counts(desk):
    desk.do("begin")
    desk.do("save", 1, by=ICHIRO, note="key is at the desk")
    desk.do("tick", 1, seen=0)
    assert (desk.now().line(1).state, desk.now().line(1).note) == ("done", "key is at the desk")
    desk.do("save", 2, by=ICHIRO, note="mine")
    with pytest.raises(LineChanged):
        desk.do("tick", 2, note="other", seen=0)


def test_a_value_is_checked_recorded_and_an_output_of_its_step(timed, clock):
    after = {"id": "say", "command": {"run": ["echo", "{{ steps.cash.value }} {{ steps.cash.confirmed_by }}"]}}
    desk = Desk(timed, clock, CASH, after)
    desk.do("begin")
    for wrong in ("", "many", "-1", "101"):
        with pytest.raises(WrongValue):
            desk.do("tick", 1, value=wrong)
    desk.do("tick", 1, value="１２．５", note="合いました", after=60)
    desk.do("confirm", 1, by=ICHIRO, after=30)
    record = desk.close()
    assert record.body["lines"][0]["value"] == 12.5
    assert advance(timed, desk.run).outcome == "done"
    assert view(desk).steps[1].rows[0].output == "12.5 鈴木 一郎"
    assert "12.5 合いました" in view(desk).steps[0].rows[0].reason.text("ja")


def test_what_names_the_value_of_a_line_is_asked_after_it(timed, clock):
    desk = Desk(timed, clock, CASH, {"id": "next", "manual": "bring {{ steps.cash.value }}"})
    assert len(desk.now().lines) == 1
    desk.do("tick", 1, value="7")
    desk.do("confirm", 1, by=ICHIRO)
    desk.close()
    assert advance(timed, desk.run).prompt.plain == "bring 7"


def test_a_value_may_be_saved_before_the_tick(counted):
    counted.do("begin")
    counted.do("save", 1, value="7", note="first count")
    assert (counted.now().line(1).value, counted.now().line(1).state) == (7, "open")
    counted.do("tick", 1, after=60)
    assert counted.now().line(1).value == 7
    counted.do("untick", 1)
    counted.do("save", 1, value="")
    with pytest.raises(WrongValue):
        counted.do("tick", 1)


def test_a_second_person_confirms_never_the_same_one(counted):
    counted.do("begin")
    with pytest.raises(NotConfirmable):
        counted.do("confirm", 1, by=ICHIRO)
    counted.do("tick", 1, value="7", after=60)
    for same in ("山田 花子", "山田花子", "HANAKO", " ｈａｎａｋｏ "):
        with pytest.raises(SamePerson):
            counted.do("confirm", 1, by=Actor(name=same))
    with pytest.raises(SamePerson):
        counted.do("confirm", 1, by=Actor(name="somebody", account="hanako"))
    counted.do("confirm", 1, by=JIRO)
    counted.do("confirm", 1, by=JIRO)
    assert counted.now().line(1).confirmed_by == JIRO
    assert [deed.verb for deed in counted.now().deeds].count("confirm") == 1


def test_what_was_changed_after_it_was_confirmed_is_confirmed_again(counted):
    counted.do("begin")
    counted.do("tick", 1, value="7")
    counted.do("confirm", 1, by=ICHIRO)
    counted.do("save", 1, value="8")
    assert counted.now().line(1).wants_confirmation
    assert counted.now().line(1).value == 8


def test_only_people_of_the_group_confirm(counted):
    counted.do("begin")
    counted.do("tick", 3)
    with pytest.raises(NotInGroup) as told:
        counted.do("confirm", 3, by=JIRO)
    assert "group:desk" in str(told.value)
    counted.do("confirm", 3, by=ICHIRO)
    assert counted.now().line(3).settled


def test_a_line_without_confirmation_is_not_confirmed(counted):
    counted.do("begin")
    counted.do("tick", 2)
    with pytest.raises(NotConfirmable):
        counted.do("confirm", 2, by=ICHIRO)


def test_not_applicable_needs_leave_and_a_reason(counted):
    counted.do("begin")
    with pytest.raises(LineNeeded):
        counted.do("not_applicable", 1, note="no")
    with pytest.raises(NoReason):
        counted.do("not_applicable", 2, note="  ")
    counted.do("not_applicable", 2, note="closed for works")
    assert counted.now().line(2).settled


def test_a_checklist_is_closed_only_when_every_line_is_settled(counted):
    counted.do("begin")
    counted.do("tick", 1, value="7", after=60)
    with pytest.raises(ChecklistOpen) as told:
        counted.close()
    assert "1" in str(told.value)
    counted.do("confirm", 1, by=ICHIRO, after=10)
    counted.do("not_applicable", 2, note="closed", after=10)
    counted.do("tick", 3, after=60)
    counted.do("confirm", 3, by=ICHIRO, after=10)
    record = counted.close()
    assert record.approvers == (ICHIRO.name,)
    assert [line["state"] for line in record.body["lines"]] == ["done", "not_applicable", "done"]
    assert [line["confirmed_by"] for line in record.body["lines"]] == [ICHIRO.name, "", ICHIRO.name]
    assert advance(counted.engine, counted.run).outcome == "done"
    assert [row.status for step in view(counted).steps for row in step.rows] == ["changed", "already", "changed"]


def test_one_decision_tells_every_line_and_each_step_is_by_hand(desk):
    desk.do("begin")
    desk.tick(1, 2, 3, 4)
    desk.close()
    advance(desk.engine, desk.run)
    with desk.engine.database.reading() as connection:
        records = [record.draft for record in desk.engine.ledger.records(connection, run=desk.run)]
    assert [draft.step for draft in records if draft.kind == "decision"] == ["one"]
    assert [(d.step, d.outcome) for d in records if d.kind == "step_done"] == [
        (f, "by_hand") for f in ("one", "two", "three", "four")
    ]


def test_a_refusal_keeps_what_was_done_and_ends_the_run(desk):
    desk.do("begin")
    desk.tick(1, 2)
    with pytest.raises(RefusalWithoutReason):
        desk.close("refused", note=" ")
    record = desk.close("refused", note="system down")
    assert (record.outcome, record.reason, record.human_seconds) == ("refused", "system down", 120)
    assert advance(desk.engine, desk.run).outcome == "refused"
    assert [row.status for step in view(desk).steps for row in step.rows] == ["changed", "changed", "failed", "failed"]


def test_a_checklist_that_is_refused_when_all_is_ticked_is_refused_all_the_same(desk):
    desk.do("begin")
    desk.tick(1, 2, 3, 4)
    desk.close("refused", note="the sums differ")
    assert advance(desk.engine, desk.run).outcome == "refused"


def test_a_checklist_nobody_closes_in_time_is_refused_with_what_was_done(timed, clock):
    desk = Desk(timed, clock, manual("one", expires_hours=8), manual("two", expires_hours=2))
    assert (desk.waiting.until - clock.now()).total_seconds() == 2 * 3600
    desk.do("begin")
    desk.tick(1)
    clock.pass_by(3 * 3600)
    with pytest.raises(NotWaiting):
        desk.tick(2)
    with pytest.raises(NotWaiting):
        desk.close()
    assert advance(timed, desk.run).outcome == "refused"
    record = desk.record()
    assert (record.outcome, record.actor_kind, record.human_seconds) == ("expired", "system", 60)
    assert [row.status for step in view(desk).steps for row in step.rows] == ["changed", "failed"]


def test_a_cancelled_run_keeps_what_was_done(desk):
    desk.do("begin")
    desk.tick(1)
    cancel(desk.engine, desk.run, actor=ICHIRO, channel="cli", reason="wrong month")
    record = desk.record()
    assert (record.outcome, record.actor, record.human_seconds) == ("cancelled", ICHIRO.name, 60)
    assert [row.status for step in view(desk).steps for row in step.rows] == ["changed", "skipped", "skipped", "skipped"]


def test_a_cancelled_run_on_which_nobody_worked_has_no_decision(desk):
    cancel(desk.engine, desk.run, actor=ICHIRO, channel="cli", reason="wrong month")
    with desk.engine.database.reading() as connection:
        assert list(desk.engine.ledger.records(connection, kinds=("decision",), run=desk.run)) == []


def test_the_person_corrects_their_minutes_and_both_are_kept(desk):
    desk.do("begin")
    desk.tick(1, 2, 3, 4)
    with pytest.raises(BadMinutes):
        desk.do("minutes", seconds=None)
    with pytest.raises(BadMinutes):
        desk.do("minutes", seconds=1441 * 60)
    desk.do("minutes", seconds=900)
    record = desk.close()
    assert (record.human_seconds, record.human_source) == (900, "entered")
    assert record.body["people"] == [{"name": HANAKO.name, "seconds_measured": 240, "seconds_entered": 900, "seconds_idle": 0}]


def test_answering_for_the_whole_takes_the_proposed_minutes(desk):
    record = desk.answer()
    assert (record.human_seconds, record.human_source) == (20 * 60, "default")
    assert {line["by"] for line in record.body["lines"]} == {HANAKO.name}
    assert advance(desk.engine, desk.run).outcome == "done"


def test_answering_for_the_whole_adds_what_others_measured(desk):
    desk.do("begin", by=ICHIRO)
    desk.tick(1, 2, by=ICHIRO)
    record = desk.answer(human_seconds=300, note="rest is done")
    assert (record.human_seconds, record.human_source) == (420, "entered")
    assert [line["by"] for line in record.body["lines"]] == [ICHIRO.name, ICHIRO.name, HANAKO.name, HANAKO.name]


def test_a_checklist_with_values_or_confirmations_is_not_answered_as_a_whole(counted):
    with pytest.raises(ChecklistOpen) as told:
        counted.answer()
    assert "1, 3" in str(told.value)
    assert counted.now().deeds == ()
    assert counted.answer("refused").outcome == "refused"


def test_a_checklist_is_answerable_as_a_whole_only_without_values_and_confirmations(timed, clock):
    def answerable(*steps):
        desk = Desk(timed, clock, *steps)
        with timed.database.reading() as connection:
            return asked(connection, desk.run, desk.waiting.step)

    assert answerable(manual("one"), manual("two", value={"title": "x", "required": False}))
    assert not answerable(manual("one"), manual("two", value={"title": "x"}))
    assert not answerable(manual("one", confirm=True))


def test_who_only_looks_leaves_no_sign_of_life(desk):
    desk.do("heartbeat")
    assert desk.now().deeds == ()
    desk.do("begin")
    desk.do("heartbeat", after=60)
    assert [deed.verb for deed in desk.now().deeds] == ["begin", "heartbeat"]


def test_the_record_tells_the_history_without_signs_of_life(desk):
    desk.do("begin")
    desk.do("heartbeat", after=60)
    desk.tick(1)
    desk.do("untick", 1)
    desk.tick(1, 2, 3, 4)
    verbs = [deed["verb"] for deed in desk.close().body["history"]]
    assert verbs == ["begin", "tick", "untick", "tick", "tick", "tick", "tick"]


@pytest.mark.parametrize(
    ("verb", "line", "more", "fault"),
    [
        ("tick", 5, {}, NoLine),
        ("tick", None, {}, NoLine),
        ("tick", 1, {"note": "x" * 2001}, NoteTooLong),
    ],
)
def test_what_cannot_be_is_refused(desk, verb, line, more, fault):
    with pytest.raises(fault):
        desk.do(verb, line, **more)
    assert desk.now().deeds == ()


def test_nothing_is_ticked_where_nothing_waits(desk):
    with pytest.raises(NoRun):
        act(desk.engine, "nowhere", Act(verb="begin", actor=HANAKO))
    with pytest.raises(NotWaiting):
        act(desk.engine, desk.run, Act(verb="begin", actor=HANAKO), step="another")
    desk.answer()
    with pytest.raises(NotWaiting):
        desk.tick(1)


def test_an_emergency_stop_stops_ticks_too(desk):
    with desk.engine.database.transaction() as connection:
        from sqlalchemy import insert

        from temanashi.runs.tables import FLAGS

        connection.execute(insert(FLAGS).values(name="emergency_stop", value='{"actor": "carol", "reason": "fire"}'))
    with pytest.raises(RunsStopped):
        desk.tick(1)


def test_a_wait_from_before_there_were_checklists_is_a_checklist_of_one_line(desk):
    from sqlalchemy import delete

    from temanashi.runs.checklist_journal import LINES as TABLE

    with desk.engine.database.transaction() as connection:
        connection.execute(delete(TABLE))
    assert [line.line.step for line in desk.now().lines] == ["one"]


def test_a_manual_step_done_for_each_of_a_list_is_a_line_each(timed, clock):
    step = {"id": "visit", "for_each": ["tokyo", "osaka"], "manual": "visit {{ item }}"}
    desk = Desk(timed, clock, step)
    assert [line.line.text.plain for line in desk.now().lines] == ["visit tokyo", "visit osaka"]
    desk.do("begin")
    desk.tick(1, 2)
    desk.close()
    assert advance(timed, desk.run).outcome == "done"


def test_every_fault_is_told_in_both_languages_with_the_next_move():
    from temanashi.text import explain

    faults = [
        NoChecklist("r"),
        ChecklistOpen("r", [1, 2]),
        LineChanged(1, by="花子"),
        NotConfirmable(1),
        SamePerson(1, name="花子"),
        NotInGroup(1, name="花子", group="group:desk"),
        NoLine(9, most=4),
        LineNeeded(1),
        NoReason(1),
        RefusalWithoutReason(),
        NoteTooLong(most=2000),
        BadMinutes(most=1440),
    ]
    for fault in faults:
        for lang in LANGUAGES:
            told = explain(fault, lang)
            assert "{" not in told.what + told.next
            assert told.next
