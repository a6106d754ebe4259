"""The starter runbooks that answers of the FAQ offer: each can be planned and worked through, in both languages."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fixtures_runs import ALICE, asking
from fixtures_up import free_port
from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory
from temanashi.runbooks.inputs import BadInputs
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runs.advancing import advance
from temanashi.runs.checklists import Act, act, checklist_of
from temanashi.runs.decisions import decide
from temanashi.runs.requests import dry_run, request_run
from temanashi.runs.results import Waiting
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.yaml_source import read_yaml

WHO = "営業部 山田 花子"
INQUIRIES = {
    "request-software": {"software": "7-Zip", "for_whom": WHO, "licence": "free", "purpose": "圧縮ファイルを開く"},
    "request-folder-access": {"folder": r"\\fileserver\sales\2026", "for_whom": WHO, "access": "change", "reason": "兼務"},
    "report-lost-device": {"device": "phone", "who": WHO, "contact": "内線 1234", "last_seen": "電車の中", "data": "unknown"},
    "order-new-pc": {"for_whom": WHO, "needed_on": "2027-04-01", "kind": "laptop", "why": "joiner"},
    "request-vpn": {"for_whom": WHO, "login": "yamada", "computer": "PC-0123", "manager": "佐藤"},
    "change-mailing-list": {"list": "sales@example.jp", "action": "add", "members": ["hanako@example.jp"], "list_owner": "佐藤"},
    "check-printer": {"printer": "127.0.0.1", "port": "9100"},
    "fix-meeting-room": {"room": "会議室A", "device": "display", "urgent": True, "symptom": "映らない"},
    "reset-mfa": {"for_whom": WHO, "login": "yamada", "why": "new-phone"},
    "report-phishing": {"subject": "請求書", "sender": "a@example.com", "did": "typed", "contact": "内線 1234"},
    "check-website": {"url": "https://www.example.jp/"},
    "restore-file": {"path": r"\\fileserver\a.xlsx", "last_good": "2026-11-20", "what": "encrypted", "contact": "内線 1234"},
    "invite-guest-wifi": {"guest": "例示商事 鈴木様", "host_person": WHO, "last_day": "2026-12-01", "devices": 2},
    "reset-pc-password": {"login": "yamada", "what": "unlock"},
    "issue-company-phone": {"for_whom": WHO, "kind": "phone", "needed_on": "2027-04-01", "keep_number": True, "reason": "外勤"},
}


def test_every_inquiry_runbook_has_inputs_here_and_is_in_both_languages(starters):
    mine = {name: runbook for name, runbook in starters.items() if runbook.category == "inquiry"}
    assert set(mine) >= set(INQUIRIES)
    for runbook in mine.values():
        assert not runbook.privileged
        assert runbook.toil.minutes.setup
        assert runbook.description.ja
        assert runbook.description.en
        for step in runbook.steps:
            assert step.title.ja
            assert step.title.en


@pytest.mark.parametrize(("name", "inputs"), INQUIRIES.items(), ids=INQUIRIES)
def test_each_can_be_planned_as_a_person_would_fill_it_in(starters, engine, name, inputs):
    plan = dry_run(engine, asking(starters[name], inputs=inputs, inventory=Inventory()))
    assert plan.changes


def fill_in(engine, run):
    """Tick the lines that ask for a value, with the first choice or with text."""
    with engine.database.reading() as connection:
        open_lines = [line for line in checklist_of(connection, run).lines if line.line.terms.value is not None]
    for line in open_lines:
        asked = line.line.terms.value
        value = asked.choices[0].value if asked.type == "choice" else "A-1"
        act(engine, run, Act(verb="tick", actor=ALICE, line=line.line.number, value=value))


@pytest.mark.parametrize("name", sorted(set(INQUIRIES) - {"check-website", "check-printer"}))
def test_each_is_worked_through_by_hand_to_its_end(starters, engine, name):
    result = advance(
        engine, request_run(engine, asking(starters[name], inputs=INQUIRIES[name], inventory=Inventory(), actor=ALICE))
    )
    waits = 0
    while isinstance(result, Waiting):
        assert result.kind == "manual"
        fill_in(engine, result.run)
        decide(engine, result.run, actor=ALICE, channel="cli", verdict="done", human_seconds=600)
        result, waits = advance(engine, result.run), waits + 1
        assert waits < 8
    assert (result.outcome, waits > 0) == ("done", True)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("check-printer", {"printer": "-oProxyCommand=x"}),
        ("check-printer", {"printer": "a b"}),
        ("check-website", {"url": "file:///etc/passwd"}),
        ("request-vpn", {"login": "-rf"}),
        ("change-mailing-list", {"members": ["not an address"]}),
        ("invite-guest-wifi", {"devices": 0}),
        ("restore-file", {"last_good": "yesterday"}),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_begins(starters, engine, name, more):
    with pytest.raises(BadInputs):
        request_run(engine, asking(starters[name], inputs=INQUIRIES[name] | more, inventory=Inventory(), actor=ALICE))


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 503)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_printer_that_answers_needs_nobody(starters, engine, site):
    text = starter_texts()["runbooks/inquiry/check-printer.yaml"]
    # No test may listen on the port of printers: the same runbook with the port of this server among its choices.
    runbook = parse_runbook(read_yaml(text.replace('"9100"', f'"{site}"')).data, kinds=step_kinds())
    request = asking(runbook, inputs={"printer": "127.0.0.1", "port": str(site)}, inventory=Inventory(), actor=ALICE)
    assert advance(engine, request_run(engine, request)).outcome == "done"


def test_somebody_goes_to_a_printer_that_does_not_answer(starters, engine):
    text = starter_texts()["runbooks/inquiry/check-printer.yaml"]
    closed = free_port()
    runbook = parse_runbook(read_yaml(text.replace('"9100"', f'"{closed}"')).data, kinds=step_kinds())
    request = asking(runbook, inputs={"printer": "127.0.0.1", "port": str(closed)}, inventory=Inventory(), actor=ALICE)
    assert isinstance(advance(engine, request_run(engine, request)), Waiting)


def test_a_web_site_is_looked_at_without_anybody(run, site):
    assert run("check-website", url=f"http://127.0.0.1:{site}/").verdict == Verdict.OK
    assert run("check-website", url=f"http://127.0.0.1:{site}/broken").verdict == Verdict.CRITICAL
    assert run("check-website", url=f"http://127.0.0.1:{free_port()}/").verdict == Verdict.CRITICAL
