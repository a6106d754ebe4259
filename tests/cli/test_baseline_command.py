from datetime import UTC, datetime, timedelta

from fixtures_clock import StoppedClock
from fixtures_runs import asking
from temanashi.people import Actor
from temanashi.reports.next_best import NextBest
from temanashi.runs.advancing import advance
from temanashi.runs.checklist_closing import close_checklist
from temanashi.runs.checklists import Act, act
from temanashi.runs.requests import request_run
from temanashi.text import LocalText
from temanashi.workspace.next_steps import with_steps
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version


def manual_runbook(tema):
    steps = [
        {
            "id": "count",
            "title": {"ja": "数える", "en": "Count"},
            "manual": {"text": {"ja": "数えてください", "en": "Count."}, "minutes": 10},
        },
        {"id": "look", "manual": {"text": {"ja": "見てください", "en": "Look."}, "minutes": 2}},
    ]
    tema.runbook("close", steps=steps, toil={"demand": {"calendar": "month"}, "minutes": 12})


def test_without_samples_the_baseline_ranks_by_proposals(tema):
    manual_runbook(tema)
    said = tema.run("baseline", "close")
    assert said.returncode == 0, said.stderr
    assert "no accepted measured sample" in said.stdout
    assert "Automate next: count (Count). It takes 10 min a month." in said.stdout
    assert "10 (proposed)" in said.stdout
    japanese = tema.run("baseline", "close", "--lang", "ja").stdout
    assert "次に自動化するとよい手順：count（数える）" in japanese


def test_what_is_no_sample_is_listed_with_the_reason(tema):
    manual_runbook(tema)
    run = tema.json("run", "close")["id"]
    assert tema.run("resume", run, "--minutes", "11").returncode == 0
    said = tema.run("baseline", "close").stdout
    assert "Not accepted as samples (1)" in said
    assert run in said
    assert "It was answered as a whole" in said
    told = tema.json("baseline", "show", "close")
    assert (told["accepted"], told["next_step"], len(told["samples"])) == (0, "count", 1)


def test_there_is_nothing_to_sign_without_samples(tema):
    manual_runbook(tema)
    said = tema.run("baseline", "sign", "close", "--from-samples")
    assert said.returncode == 2
    assert "no accepted measured sample of task" in said.stderr


def test_an_unknown_runbook_is_told(tema):
    manual_runbook(tema)
    said = tema.run("baseline", "closse")
    assert said.returncode == 2
    assert "close" in said.stderr
    assert tema.run("baseline").returncode == 0


def test_measured_samples_are_told_and_signed(tema):
    manual_runbook(tema)
    assert tema.run("publish").returncode == 0
    clock = StoppedClock(datetime.now(UTC) - timedelta(days=1))
    with open_installation(tema.root, clock=clock) as opened:
        engine, alice = opened.engine(), Actor(name="alice")
        with opened.database.reading() as connection:
            published = current_version(connection, kinds=engine.kinds)
        for _ in range(5):
            asked = asking(published.runbooks["close"], workspace_version=published.digest)
            run = request_run(engine, asked)
            advance(engine, run)
            for verb, line, pause in (("begin", None, 0), ("tick", 1, 240), ("tick", 2, 60)):
                clock.pass_by(pause)
                act(engine, run, Act(verb=verb, actor=alice, line=line))
            close_checklist(engine, run, actor=alice, channel="page", verdict="done")
            advance(engine, run)
    said = tema.run("baseline", "close").stdout
    assert "5 samples. Median 5 min; half of them between 5 and 5 min" in said
    assert "Evidence grade A. Mean 5 min (5 to 5 min)." in said
    assert "Automate next: count (Count). It takes 4 min a month." in said
    best = NextBest(task="close", title=LocalText(plain="close"), why="remaining", seconds=60)
    other = best.model_copy(update={"task": "other"})
    with open_installation(tema.root) as opened, opened.database.reading() as connection:
        stepped, same = with_steps(opened, connection, published, (best, other))
        assert with_steps(opened, connection, None, (best,)) == (best,)
    assert (stepped.step.title.text("en"), stepped.step.seconds, stepped.step.samples) == ("Count", 240, 5)
    assert same == other
    signed = tema.run("baseline", "sign", "close", "--from-samples")
    assert signed.returncode == 0, signed.stderr
    (version,) = tema.json("baseline")["signed"]["close"]
    assert (version["seconds"]["setup"], len(version["samples"])) == (300, 5)


def test_how_often_a_month_may_be_unknown(tema):
    tema.runbook("asked", steps=[{"id": "look", "manual": {"text": {"ja": "見る", "en": "Look."}, "minutes": 3}}])
    said = tema.run("baseline", "asked").stdout
    assert "It takes 3 min each time. How often a month is not known." in said
