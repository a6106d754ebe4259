"""What this release brings needs no second person the first time, as long as nobody changed it."""

import json
from pathlib import Path

import pytest

import temanashi.workspace
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.workspace.creating import init_workspace, starter_texts
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import publish
from temanashi.workspace.shipped import shipped_versions
from temanashi.workspace.yaml_source import read_yaml

ALICE = Actor(name="alice")
FILE = Path(temanashi.workspace.__file__).parent / "shipped.json"


@pytest.fixture
def site(tmp_path):
    init_workspace(tmp_path / "site")
    return tmp_path / "site"


def publication(site):
    with open_installation(site) as installation:
        loaded = load_workspace(site, kinds=step_kinds())
        return publish(installation.database, installation.ledger, loaded, actor=ALICE, clock=installation.clock)


def privileged_starters():
    found = {}
    for file, text in starter_texts().items():
        if file.startswith("runbooks/") and "/site/" not in file:
            runbook = parse_runbook(read_yaml(text).data, kinds=step_kinds())
            if runbook.privileged:
                found[runbook.id] = runbook.version
    return found


def test_the_list_of_what_is_shipped_is_true(request):
    if request.config.getoption("--update-golden"):
        FILE.write_text(json.dumps(privileged_starters(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        shipped_versions.cache_clear()
    assert dict(shipped_versions()) == privileged_starters()


def test_the_first_day_needs_one_person(site):
    first = publication(site)
    assert (first.status, first.needs_second, first.faults) == ("live", (), [])


def edit(site, word, other):
    file = site / "runbooks/incident/restart-service.yaml"
    text = file.read_text(encoding="utf-8")
    assert word in text
    file.write_text(text.replace(word, other), encoding="utf-8")
    return file


def test_a_changed_one_needs_a_second_person_from_the_first_publication_on(site):
    edit(site, "sleep 1", "sleep 2")
    assert publication(site).needs_second == ("restart-service",)


def test_changing_it_back_is_a_change_too(site):
    publication(site)
    edit(site, "sleep 1", "sleep 2")
    assert publication(site).needs_second == ("restart-service",)
    edit(site, "sleep 2", "sleep 1")
    assert publication(site).status == "unchanged"


def test_bringing_back_what_was_taken_away_needs_a_second_person(site):
    publication(site)
    file = site / "runbooks/incident/restart-service.yaml"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    assert publication(site).status == "live"
    file.write_text(text, encoding="utf-8")
    assert publication(site).needs_second == ("restart-service",)


def test_comments_are_not_what_was_reviewed(site):
    edit(site, "id: restart-service", "# mine\nid: restart-service")
    assert publication(site).status == "live"
