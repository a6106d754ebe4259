"""`/tema/problems` and `/tema/metrics`."""

import json
import re

import pytest

from temanashi.runs.reading import run_view
from temanashi.workspace.afterwards import after_run


@pytest.fixture
def broken(visitor):
    run = visitor.run("full-disk")
    with visitor.opened.database.reading() as connection:
        view = run_view(connection, run)
    after_run(visitor.opened, view)
    return visitor


def problem_of(page):
    return re.search(r'name="problem" value="([^"]+)"', page.text)[1]


def send(visitor, **form):
    return visitor.http.post("/problems", data=form, headers={"origin": "http://testserver"})


def test_the_answer_comes_first_in_both_languages(broken):
    assert "<h1>知らせるべき問題が 1 件あります</h1>" in broken.get("/problems?lang=ja").text
    assert "<h1>Problems that need somebody: 1</h1>" in broken.get("/problems?lang=en").text


def test_nothing_wrong_says_so_and_has_no_form(visitor):
    page = visitor.get("/problems?lang=en")
    assert "No problem needs anybody" in page.text
    assert "<form" not in page.text


def test_a_problem_is_acknowledged_with_name_time_and_reason(broken):
    page = broken.get("/problems?lang=en")
    assert "localhost" in page.text
    done = send(broken, problem=problem_of(page), name="Alice", until="4h", reason="vendor is <called>", verb="acknowledge")
    assert done.status_code == 303
    shown = broken.get("/problems?lang=en", headers={"cookie": done.headers["set-cookie"].split(";")[0]}).text
    assert "No problem needs anybody" in shown
    assert "Acknowledged by Alice until" in shown
    assert "vendor is &lt;called&gt;" in shown
    back = send(broken, problem=problem_of(type("P", (), {"text": shown})), name="Alice", verb="withdraw")
    assert back.status_code == 303
    assert "Problems that need somebody: 1" in broken.get("/problems?lang=en").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "名前"),
        ({"name": "あ" * 101}, "100"),
        ({"reason": ""}, "理由を書いてください"),
        ({"reason": "x" * 501}, "500"),
        ({"until": "someday"}, "someday"),
        ({"problem": ""}, "問題を選んでください"),
        ({"problem": "gone"}, "gone"),
    ],
)
def test_a_form_that_is_wrong_records_nothing_and_keeps_what_was_typed(broken, form, said):
    good = {
        "problem": problem_of(broken.get("/problems")),
        "name": "花子",
        "until": "1d",
        "reason": "交換待ち",
        "verb": "acknowledge",
    }
    done = broken.http.post("/problems?lang=ja", data=good | form, headers={"origin": "http://testserver"})
    assert done.status_code == 400
    assert said in done.text
    assert "記録していません" in done.text
    if "reason" not in form:
        assert "交換待ち" in done.text
    assert "知らせるべき問題が 1 件" in broken.get("/problems?lang=ja").text


def test_a_page_of_somebody_else_cannot_acknowledge(broken):
    assert broken.http.post("/problems", data={"problem": "x"}, headers={"origin": "http://evil.example"}).status_code == 403


def test_a_body_that_is_too_large_is_refused(broken):
    done = broken.http.post("/problems", data={"reason": "x" * 2_000_000}, headers={"origin": "http://testserver"})
    assert done.status_code == 413


def test_states_are_told_to_prometheus(broken):
    answer = broken.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert re.search(r'^check_state\{check="root",target="localhost",owner="ops",.*\} 2\.0$', answer.text, re.MULTILINE)


def test_an_outage_stands_first_with_its_hosts(visitor):
    (visitor.place.root / "runbooks/site").mkdir(parents=True, exist_ok=True)
    hosts = {f"web{n}": {"address": "127.0.0.1", "port": 1, "user": "ops", "system": "order"} for n in range(3)}
    (visitor.place.root / "runbooks/site/hosts.yaml").write_text(json.dumps({"hosts": hosts}))
    check = {"id": "load", "kind": "load"}
    visitor.place.runbook("far", {"id": "look", "checks": [check]}, targets="web*")
    visitor.place.publish()
    for name in ("full-disk", "far"):
        run = visitor.run(name)
        with visitor.opened.database.reading() as connection:
            view = run_view(connection, run)
        after_run(visitor.opened, view)
    text = visitor.get("/problems?lang=en").text
    assert (
        text.index("3 hosts of the system order are down or cannot be reached")
        < text.index("Other problems")
        < text.index("localhost")
    )
    assert len(text.encode()) < 50_000


def test_what_is_wrong_stands_before_what_many_hosts_cannot_tell(visitor):
    (visitor.place.root / "runbooks/site").mkdir(parents=True, exist_ok=True)
    hosts = {f"web{n}": {"transport": "local"} for n in range(6)}
    (visitor.place.root / "runbooks/site/hosts.yaml").write_text(json.dumps({"hosts": hosts}))
    visitor.place.runbook(
        "near", {"id": "look", "checks": [{"id": "gone", "kind": "nagios_plugin", "run": ["/nowhere"]}]}, targets="web*"
    )
    visitor.place.publish()
    for name in ("near", "full-disk"):
        run = visitor.run(name)
        with visitor.opened.database.reading() as connection:
            view = run_view(connection, run)
        after_run(visitor.opened, view)
    text = visitor.get("/problems?lang=en").text
    assert text.index("localhost") < text.index("near/look/gone") < text.index("web3")


def test_maintenance_that_comes_again_is_shown_with_its_rule(broken):
    rule = (
        'windows:\n  - {id: nightly, hosts: localhost, checks: [full-disk/*], at: "00:00", length: 2d, owner: <ops>,'
        " reason: {ja: 夜間の作業, en: Night works}}\n"
    )
    file = broken.place.root / "runbooks/site/maintenance.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(rule, encoding="utf-8")
    broken.place.publish()
    shown = broken.get("/problems?lang=en").text
    assert "No problem needs anybody" in shown
    assert "In maintenance until" in shown
    assert "<b>localhost</b> (only full-disk/*)" in shown
    assert "Comes again: every day, 00:00 (`nightly` in maintenance.yaml)" in shown
    assert "Night works (owner: &lt;ops&gt;). Comes again" in shown
    assert "繰り返し: 毎日 00:00" in broken.get("/problems?lang=ja").text
