"""What follows the checks of a run in an installation: told once, by whom the settings name, and taken up when left."""

import json

import pytest

from fixtures_receiver import FakeReceiver
from fixtures_runs import ALICE
from temanashi.books import incidents_of, read_operations
from temanashi.hosts.inventory import UnknownGroup
from temanashi.monitoring.reading import problems
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest, request_run
from temanashi.settings import BadSettings, load_settings
from temanashi.workspace.acknowledging import acknowledge_named
from temanashi.workspace.afterwards import after_run
from temanashi.workspace.checking import receivers_of, watch_checks
from temanashi.workspace.live import live_inventory
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.maintaining import plan_maintenance, since_from
from temanashi.workspace.opening import open_installation
from temanashi.workspace.operating import month_operations
from temanashi.workspace.publishing import NothingPublished, current_version, publish
from temanashi.workspace.reporting import current_month

SETTINGS = """[tool.temanashi]
languages = ["en"]
public_url = "https://tema.example/"
notify = ["env:TEST_HOOK"]

[tool.temanashi.alerts.pagerduty]
routing_key = "env:TEST_KEY"
url = "{url}"

[tool.temanashi.alerts.webhooks.am]
url = "{url}/hook"
"""


@pytest.fixture
def fake():
    made = FakeReceiver()
    yield made
    made.close()


@pytest.fixture
def site(tmp_path, fake, monkeypatch):
    monkeypatch.setenv("TEST_HOOK", f"json://127.0.0.1:{fake.server.server_port}/mail?format=text")
    monkeypatch.setenv("TEST_KEY", "key")
    (tmp_path / "pyproject.toml").write_text(SETTINGS.format(url=fake.url))
    word = {"id": "word", "kind": "command", "run": ["cat", str(tmp_path / "word")], "stdout": "good"}
    book = {
        "id": "look",
        "title": "Look",
        "description": "For tests.",
        "category": "routine",
        "owner": "ops",
        "overlap": "parallel",
        "steps": [{"id": "files", "checks": [word]}, {"id": "then", "command": ["test", "-e", str(tmp_path / "then")]}],
    }
    (tmp_path / "runbooks/routine").mkdir(parents=True)
    (tmp_path / "runbooks/routine/look.yaml").write_text(json.dumps(book))
    (tmp_path / "word").write_text("bad")
    (tmp_path / "then").touch()
    with open_installation(tmp_path) as opened:
        from temanashi.workspace.first import published_or_first

        published_or_first(opened)
        yield opened


def ran(site, *, afterwards=True):
    engine = site.engine()
    with site.database.reading() as connection:
        published = current_version(connection, kinds=engine.kinds)
    request = RunRequest(
        runbook=published.runbooks["look"],
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs={},
        actor=ALICE,
        channel="cli",
    )
    run = request_run(engine, request)
    advance(engine, run)
    with site.database.reading() as connection:
        view = run_view(connection, run)
    return after_run(site, view) if afterwards else view


def paths(fake):
    return sorted(path.split("?")[0] for path, *_ in fake.heard)


def test_everybody_the_settings_name_hears_once_and_once_more_of_the_end(site, fake):
    assert ran(site) == []
    assert ran(site) == []
    assert paths(fake) == ["/hook", "/mail", "/v2/enqueue"]
    (site.settings.root / "word").write_text("good")
    assert ran(site) == []
    assert paths(fake) == ["/hook", "/hook", "/mail", "/mail", "/v2/enqueue", "/v2/enqueue"]
    trigger = next(body for path, _, body, _ in fake.heard if path == "/v2/enqueue")
    assert trigger["client_url"] == "https://tema.example/tema/problems"


def test_a_run_that_fails_otherwise_is_told_as_before_too(site, fake):
    (site.settings.root / "then").unlink()
    ran(site)
    titles = [body["title"] for path, _, body, _ in fake.heard if path.startswith("/mail")]
    assert len(titles) == 2
    assert sum("Look" in title for title in titles) == 1


def test_notify_can_be_left_out_of_alerts_and_then_hears_of_the_run_as_before(site, fake):
    file = site.settings.root / "pyproject.toml"
    file.write_text(file.read_text() + "\n[tool.temanashi.alerts]\nnotify = false\n")
    with open_installation(site.settings.root) as opened:
        assert [receiver.name for receiver in receivers_of(opened)] == ["pagerduty", "webhook:am"]
        ran(opened)
    assert ["Look" in body["title"] for path, _, body, _ in fake.heard if path.startswith("/mail")] == [True]


def test_a_watch_takes_up_what_a_dead_process_left_and_sends_again_what_did_not_arrive(site, fake):
    ran(site, afterwards=False)
    fake.answers = [(500, {})]
    failures, unheard = watch_checks(site)
    assert (len(failures), unheard) == (1, [])
    assert len(paths(fake)) == 3
    assert watch_checks(site) == ([], [])


def test_an_outside_monitor_hears_of_alerts_that_nobody_gets(site, fake):
    from datetime import timedelta

    fake.answers = [(500, {})] * 9
    ran(site)

    class Later:
        def now(self):
            return site.clock.now() + timedelta(minutes=11)

    from dataclasses import replace

    _, unheard = watch_checks(replace(site, clock=Later()))
    assert sorted(line.split(" (")[0] for line in unheard) == [
        "alerts not delivered: notify:env:TEST_HOOK",
        "alerts not delivered: pagerduty",
        "alerts not delivered: webhook:am",
    ]


def test_a_database_that_cannot_be_written_is_said_and_raises_nothing(site):
    view = ran(site, afterwards=False)
    with open_installation(site.settings.root, read_only=True) as opened:
        from temanashi.workspace.checking import look_after_checks, note_checks

        assert "could not be updated" in note_checks(opened)[0].text("en")
        assert len(look_after_checks(opened)) >= 1
    assert view.ended_at is not None


def test_maintenance_is_planned_for_hosts_of_the_live_version(site):
    how = {"since": "", "reason": "x", "actor": ALICE, "channel": "cli"}
    plan_maintenance(site, "localhost", until="2h", **how)
    ran(site)
    with site.database.reading() as connection:
        (problem,) = problems(connection, now=site.clock.now(), inventory=live_inventory(connection))
    assert problem.maintenance is not None
    assert problem.alert is None
    with pytest.raises(UnknownGroup):
        plan_maintenance(site, "group:none", until="2h", **how)


def test_maintenance_of_a_runbook_needs_something_published(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.temanashi]\nlanguages = ["en"]\n')
    with open_installation(tmp_path) as opened:
        with opened.database.reading() as connection:
            assert list(live_inventory(connection).hosts) == ["localhost"]
        with pytest.raises(NothingPublished):
            plan_maintenance(opened, "localhost", since="", until="2h", runbook="look", reason="x", actor=ALICE, channel="cli")


def test_when_maintenance_begins_is_read_as_a_day_a_time_or_a_while_from_now(site):
    now, zone = site.clock.now(), site.settings.zone
    assert since_from(" ", now=now, zone=zone) == now
    assert since_from("2026-12-01", now=now, zone=zone).isoformat() == "2026-12-01T00:00:00+09:00"
    assert since_from("2026-12-01 18:00", now=now, zone=zone).isoformat() == "2026-12-01T18:00:00+09:00"
    assert (since_from("2h", now=now, zone=zone) - now).total_seconds() == 7200


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('[tool.temanashi.alerts]\nverdicts = ["OK"]\n', "alerts.verdicts"),
        ('[tool.temanashi.alerts.pagerduty]\nrouting_key = "R0UT1NG"\n', "alerts.pagerduty.routing_key"),
        ('[tool.temanashi.alerts.webhooks.x]\nurl = "ftp://x"\n', "alerts.webhooks.x.url"),
        ("[tool.temanashi.alerts]\nnotfy = true\n", "alerts.notfy"),
    ],
)
def test_settings_of_alerts_that_make_no_sense_are_refused_with_their_field(tmp_path, more, field):
    (tmp_path / "pyproject.toml").write_text("[tool.temanashi]\n" + more)
    with pytest.raises(BadSettings) as caught:
        load_settings(tmp_path, environ={})
    assert str(caught.value.data["field"]).startswith(field)


def test_an_alert_of_ours_is_an_incident_from_its_first_bad_result_to_its_first_good_one(site):
    ran(site)
    with site.database.reading() as connection:
        (problem,) = problems(connection, now=site.clock.now(), inventory=live_inventory(connection))
    acknowledge_named(site, problem.id, until="4h", reason="Disk is ordered", actor=ALICE, channel="cli")
    told = operations(site)
    assert (told.incidents, told.open, told.alerts, told.unassigned) == (1, 1, 1, 0)
    assert (told.mtta.n, told.mttr.open) == (1, 1)
    (site.settings.root / "word").write_text("good")
    ran(site)
    ran(site)
    told = operations(site)
    assert (told.incidents, told.open, told.mttr.n) == (1, 0, 1)
    with site.database.reading() as connection:
        (one,) = incidents_of(read_operations(site.ledger, connection, None, zone=site.settings.zone), site.settings.zone).values()
    assert (one.started, one.owner, one.source, one.acknowledged_by, one.severity) == (
        problem.since, "ops", "monitoring", ALICE.name, "CRITICAL",
    )  # fmt: skip
    assert one.title


def operations(site):
    with site.database.reading() as connection:
        published = current_version(connection, kinds=site.engine().kinds)
        return month_operations(site, connection, published, current_month(site), lang="en")


def test_the_figures_and_the_topic_of_a_month_are_those_of_the_published_files(site):
    folder = site.settings.root / "runbooks/site"
    (folder / "topics").mkdir(parents=True)
    (folder / "topics" / f"{current_month(site)}.md").write_text("# Moved to the new site", encoding="utf-8")
    (folder / "kpi.yaml").write_text("kpi:\n  - {check: look/word, title: Word, system: words}\n", encoding="utf-8")
    publish_workspace(site)
    ran(site)
    told = operations(site)
    (line,) = told.kpi
    assert (line.measured, line.verdict, line.system, told.topic) == (1, "CRITICAL", "words", "# Moved to the new site")


def publish_workspace(site):
    loaded = load_workspace(site.settings.root, kinds=site.engine().kinds)
    assert loaded.faults == []
    publish(site.database, site.ledger, loaded, actor=ALICE, clock=site.clock)
