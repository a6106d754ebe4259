"""The published hosts by system, with how they are reached and how they stood when they were last checked."""

import pytest
from sqlalchemy import insert

from temanashi.monitoring.tables import STATES

HOSTS = """\
hosts:
  web1: {address: 10.0.0.1, user: ops, port: 2222, jump: [gate], system: 受注, site: tokyo, tags: [web], note: "<b>表</b>"}
  web2: {system: 受注}
  gate: {address: 10.0.0.254}
  win1: {shell: none}
"""


@pytest.fixture
def listed(empty):
    site = empty.place.root / "runbooks/site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "hosts.yaml").write_text(HOSTS, encoding="utf-8")
    empty.place.publish()
    return empty


def checked(visitor, *states):
    keys = ("target", "name", "verdict")
    rows = [dict(zip(keys, state, strict=True)) | {"runbook": "r", "step": "s", "item": 0} for state in states]
    blank = dict.fromkeys(("kind", "owner", "reason", "run", "at", "slots", "previous", "changed_at", "unit", "problem"), "")
    with visitor.opened.database.transaction() as connection:
        connection.execute(insert(STATES), [row | blank | {"seconds": 0.0, "attempts": 1, "flapping": 0} for row in rows])


def test_hosts_stand_by_system_with_the_way_to_them(listed):
    text = listed.get("/hosts?lang=en").text
    assert text.index("<h2>受注</h2>") < text.index("web1") < text.index("<h2>No system</h2>") < text.index("<td>gate</td>")
    assert "ops@10.0.0.1:2222 via gate" in text
    assert "&lt;b&gt;表&lt;/b&gt;" in text
    assert "win1 (no shell)" in text
    assert "5 hosts" in text
    assert "ops@10.0.0.1:2222（経由：gate）" in listed.get("/hosts?lang=ja").text


def test_the_worst_of_a_hosts_checks_is_shown_and_no_check_is_not_green(listed):
    checked(listed, ("web1", "disk", "OK"), ("web1", "load", "CRITICAL"), ("web2", "disk", "OK"))
    rows = {row.split("</td>")[0].split("<td>")[1]: row for row in listed.get("/hosts?lang=en").text.split("<tr>") if "<td>" in row}
    assert "CRITICAL" in rows["web1"]
    assert "OK" in rows["web2"]
    assert "not checked" in rows["gate"]
    assert "OK" not in rows["gate"]


def test_an_expression_narrows_and_a_mistake_in_it_is_told_beside_the_field(listed):
    assert "web2" not in listed.get("/hosts?lang=en&q=tag:web").text
    wrong = listed.get("/hosts?lang=en&q=tag:we<b>")
    assert wrong.status_code == 200
    assert 'id="q-wrong">No host matches tag:we&lt;b&gt;; close: tag:web' in wrong.text


def test_thousands_of_hosts_make_no_endless_page(empty):
    site = empty.place.root / "runbooks/site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "hosts.yaml").write_text("hosts:\n" + "".join(f"  web{n}:\n" for n in range(1000)), encoding="utf-8")
    empty.place.publish()
    text = empty.get("/hosts?lang=en").text
    assert "1001 hosts" in text
    assert "Narrow the choice to see the other 701." in text
    assert text.count("<tr>") == 301


def test_before_the_first_publication_there_are_no_hosts(empty):
    assert "<table>" not in empty.get("/hosts?lang=en").text
