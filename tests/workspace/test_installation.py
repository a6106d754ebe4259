"""One installation as a whole: the first version, what follows a run, the doctor, the report, kinds of other packages."""

from __future__ import annotations

import http.server
import json
import sys
import threading

import pytest

from temanashi.calendars import Month
from temanashi.ledger.verification import verify_database
from temanashi.people import Actor
from temanashi.runbooks.kinds import installed_steps, step_kinds
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.results import Finished
from temanashi.runs.stopping import stop_everything
from temanashi.workspace.afterwards import after_refusal, after_run, seal_tail
from temanashi.workspace.examining import examine
from temanashi.workspace.first import DisabledRunbook, UnknownRunbook, published_or_first, runbook_named
from temanashi.workspace.opening import open_installation
from temanashi.workspace.reporting import current_month, month_report

ALICE = Actor(name="alice")


class Mailbox(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        told = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append(json.loads(told))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def mailbox(monkeypatch):
    """A web hook on loopback that Apprise posts to."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mailbox)
    server.heard = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TEST_HOOK", f"json://127.0.0.1:{server.server_port}/?format=text")
    yield server.heard
    server.shutdown()
    server.server_close()


def installed(folder, **more):
    folder.write(
        "pyproject.toml", '[tool.temanashi]\nlanguages = ["ja", "en"]\n' + "".join(f"{k} = {v}\n" for k, v in more.items())
    )
    return open_installation(folder.root)


def command_runbook(folder, id_, argv):
    folder.runbook(id_, manual="command", **{"{ja: 画面を見ます。, en: Look at the screen.}": json.dumps(argv)})


def run(installation, id_):
    published, _ = published_or_first(installation)
    engine = installation.engine()
    request = RunRequest(
        runbook=runbook_named(published, id_),
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs={},
        actor=ALICE,
        channel="cli",
    )
    name = request_run(engine, request)
    result = advance(engine, name)
    with installation.database.reading() as connection:
        return result, run_view(connection, name)


def test_the_first_use_publishes_the_files_and_says_so(folder):
    folder.runbook("look")
    with installed(folder) as installation:
        published, note = published_or_first(installation)
        assert note is not None
        assert "第1版" in note.text("ja")
        assert published_or_first(installation)[1] is None
        assert runbook_named(published, "look").id == "look"


def test_an_unknown_runbook_is_told_with_the_closest_one(folder):
    folder.runbook("morning-checks")
    with installed(folder) as installation:
        published, _ = published_or_first(installation)
        with pytest.raises(UnknownRunbook, match="morning-checks"):
            runbook_named(published, "morning-chekcs")


def test_a_runbook_with_mistakes_is_told_as_disabled_with_its_place(folder):
    folder.runbook("good")
    folder.runbook("broken", owner="ownre")
    with installed(folder) as installation:
        published, _ = published_or_first(installation)
        with pytest.raises(DisabledRunbook, match=r"runbooks/routine/broken\.yaml"):
            runbook_named(published, "broken")


def test_every_run_is_sealed_and_a_failure_is_told_once_and_then_its_end(folder, mailbox):
    flag = folder.root / "well"
    command_runbook(folder, "probe", ["test", "-e", str(flag)])
    with installed(folder, notify='["env:TEST_HOOK"]') as installation:
        for _ in range(2):
            result, view = run(installation, "probe")
            assert isinstance(result, Finished)
            assert result.outcome == "failed"
            assert after_run(installation, view) == []
        assert len(mailbox) == 1
        assert "朝の点検" in mailbox[0]["title"]
        flag.touch()
        _, view = run(installation, "probe")
        assert after_run(installation, view) == []
        assert len(mailbox) == 2
        found = verify_database(installation.database, state=installation.settings.state_dir)
        assert (found.status, found.proven) == ("intact", found.head)


def test_a_run_that_could_not_start_is_told_too(folder, mailbox):
    folder.runbook("look")
    with installed(folder, notify='["env:TEST_HOOK"]') as installation:
        published, _ = published_or_first(installation)
        error = UnknownRunbook("lok", known=published.runbooks)
        assert after_refusal(installation, "lok", error) == []
    assert "lok" in mailbox[0]["message"]


def test_nobody_to_tell_and_nothing_to_seal_is_no_problem(folder):
    folder.runbook("look")
    with installed(folder) as installation:
        _, view = run(installation, "look")
        assert after_run(installation, view) == []  # it waits; nothing has ended
        assert seal_tail(installation) == []
        before = len(list((installation.settings.state_dir / "checkpoints").iterdir()))
        assert seal_tail(installation) == []
        assert len(list((installation.settings.state_dir / "checkpoints").iterdir())) == before


def test_a_seal_that_cannot_be_written_is_said_and_raises_nothing(folder):
    folder.runbook("look")
    with installed(folder) as installation:
        published_or_first(installation)
        (installation.settings.state_dir / "checkpoints").write_text("in the way")
        (problem,) = seal_tail(installation)
        assert "確認点" in problem.text("ja")


def levels(installation):
    return {finding.message.key: finding.level for finding in examine(installation.settings)}


def test_the_doctor_finds_nothing_bad_in_a_good_installation(folder):
    folder.runbook("look")
    with installed(folder) as installation:
        published_or_first(installation)
        seal_tail(installation)
        found = levels(installation)
    assert "bad" not in found.values()
    assert found["doctor.notify-none"] == "warning"
    for finding in examine(installation.settings):
        for lang in ("ja", "en"):
            assert "doctor." not in finding.message.text(lang)
            assert finding.next is None or "{" not in finding.next.text(lang)


def test_the_doctor_tells_of_broken_files_a_stop_a_missing_address_and_a_readable_key(folder):
    folder.runbook("look")
    folder.runbook("broken", owner="ownre")
    with installed(folder, notify='["env:NOT_SET_ANYWHERE"]') as installation:
        published_or_first(installation)
        seal_tail(installation)
        stop_everything(installation.engine(), actor=ALICE, channel="cli", reason="試験")
        (installation.settings.state_dir / "keys" / "ledger-signing.pem").chmod(0o644)
        found = levels(installation)
    assert found["doctor.files-bad"] == "bad"
    assert found["doctor.stopped"] == "warning"
    assert found["secrets.missing"] == "bad"
    assert found["doctor.key-loose"] == "bad"


def test_the_doctor_looks_at_a_workspace_that_was_never_used(folder):
    with installed(folder) as installation:
        settings = installation.settings
        installation.close()
    (settings.state_dir / "temanashi.db").unlink()
    found = {finding.message.key for finding in examine(settings)}
    assert {"doctor.database-none", "doctor.files-none"} <= found


def test_the_months_report_reads_published_tasks_and_the_last_checkpoint(folder):
    folder.runbook("look", more="toil: {demand: {calendar: business_day}, minutes: 10}\n")
    with installed(folder) as installation:
        published, _ = published_or_first(installation)
        seal_tail(installation)
        month = current_month(installation)
        with installation.database.reading() as connection:
            report = month_report(installation, connection, published, month)
            empty = month_report(installation, connection, None, Month.parse("2026-01"))
    assert [task.task for task in report.figures.unsigned] == ["look"] or "look" in str(report.figures.unsigned)
    assert report.checkpoint is not None
    assert empty.figures.month == Month.parse("2026-01") or str(empty.figures.month) == "2026-01"


THIRD_PARTY = '''
"""A kind of step of another package: it writes a word."""
from temanashi.changes import Change, Irreversible, Outcome, State
from temanashi.runbooks.steps.contract import Parsed
from temanashi.text import phrase
from pydantic import BaseModel

class Spec(BaseModel):
    word: str

class Step:
    def __init__(self, item, effects):
        self.item = item
    def plan(self, ctx):
        summary = phrase("runbooks.command-summary", host="-", command=self.item.spec.word)
        return [Change(step=self.item.id, kind="shout", summary=summary, payload={"word": self.item.spec.word})]
    def apply(self, change, key):
        return Outcome(status="changed", outputs={"stdout": change.payload["word"].upper()})
    def observe(self, change):
        return State(happened="unknown")
    def undo(self, change, before):
        return Irreversible(reason=phrase("runbooks.checks-irreversible"))

class Kind:
    name = "shout"
    def parse(self, value):
        return Parsed(Spec(word=value))
    def schema(self):
        return {"type": "string"}
    def templates(self, spec):
        return []
    def build(self, item, effects):
        return Step(item, effects)

KIND = Kind()
'''


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """An installed package of somebody else, with the step kinds it registers."""

    def install(points):
        package = tmp_path / "elsewhere"
        info = package / "shouting-1.0.dist-info"
        info.mkdir(parents=True)
        (package / "shouting_step.py").write_text(THIRD_PARTY, encoding="utf-8")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[temanashi.steps]\n{points}\n", encoding="utf-8")
        monkeypatch.setattr(sys, "path", [str(package), *sys.path])
        installed_steps.cache_clear()

    yield install
    monkeypatch.undo()
    installed_steps.cache_clear()
    sys.modules.pop("shouting_step", None)


def test_a_kind_of_step_from_another_package_runs_like_ours_and_cannot_replace_one(folder, other_package):
    other_package("shout = shouting_step:KIND\nmanual = shouting_step:KIND")
    assert step_kinds()["manual"].name == "manual"
    folder.runbook("loud", manual="shout", **{"{ja: 画面を見ます。, en: Look at the screen.}": "hello"})
    with installed(folder) as installation:
        result, view = run(installation, "loud")
    assert isinstance(result, Finished)
    assert result.outcome == "done"
    assert view.steps[0].rows[0].output == "HELLO"


def test_a_kind_of_step_that_cannot_be_loaded_disables_only_what_uses_it_and_the_doctor_says_so(folder, other_package):
    other_package("shout = no_such_module:KIND")
    folder.runbook("loud", manual="shout", **{"{ja: 画面を見ます。, en: Look at the screen.}": "hello"})
    folder.runbook("look")
    with installed(folder) as installation:
        published, _ = published_or_first(installation)
        assert list(published.runbooks) == ["look"]
        assert levels(installation)["runbooks.kind-not-loaded"] == "bad"
