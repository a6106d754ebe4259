"""Checks of a run on the terminal: few one by one, many in groups, and what is wrong always first."""

from types import SimpleNamespace

import pytest

from temanashi.cli.language import language
from temanashi.cli.showing_checks import ONE_BY_ONE, show_checks
from temanashi.text import phrase

HOSTS = [f"web{n}" for n in range(1, 41)]


def row(check, verdict, key, **data):
    return {"check": check, "verdict": verdict, "reason": phrase(key, **data).model_dump(mode="json")}


def shown(capsys, rows_of):
    rows = [SimpleNamespace(target=host, details=rows) for host, rows in rows_of.items()]
    show_checks(SimpleNamespace(id="the-run", steps=[SimpleNamespace(rows=rows)]))
    return capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("TEMA_LANG", "en")
    language.cache_clear()
    yield
    language.cache_clear()


def fine(name="up"):
    return row(name, "OK", "hosts.unreachable", host="x", reason="not told")


def test_few_are_told_one_by_one_the_worst_first(capsys):
    lines = shown(capsys, {"web1": [fine()], "web2": [row("disk", "CRITICAL", "hosts.no-shell", host="web2")]})
    assert [line.split()[2] for line in lines] == ["web2", "web1"]


def test_many_are_told_in_groups_and_good_ones_are_counted(capsys):
    found = {host: [fine("up"), fine("disk")] for host in HOSTS}
    found["web7"] = [fine("up"), row("disk", "CRITICAL", "hosts.no-shell", host="web7")]
    for host in HOSTS[20:27]:
        found[host] = [row(check, "UNKNOWN", "hosts.unreachable", host=host, reason="gone") for check in ("up", "disk")]
    assert sum(map(len, found.values())) > ONE_BY_ONE
    lines = shown(capsys, found)
    assert [line.split("  ")[1:] for line in lines if line.startswith("  ×")] == [["× CRITICAL", "web7", "disk"]]
    (unknown,) = [line for line in lines if "UNKNOWN" in line]
    assert unknown.endswith("web21, web22, web23, web24, web25 and 2 more  up, disk")
    assert lines[-1].startswith("  ○ OK  65 on 33 target(s)")
    assert "the-run" in lines[-1]
    assert len(lines) == 5
