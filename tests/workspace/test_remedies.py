"""`runbook:` on a check is seen with the runbooks that there are, when a workspace is loaded."""

import json

import pytest

from temanashi.checks.model import Remedy
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.remedies import remedies_of
from temanashi.settings import load_settings
from temanashi.workspace.loading import load_workspace

PEOPLE = {
    "people": {"sato": {"name": "佐藤"}},
    "groups": {"leads": ["sato"], "empty": []},
    "roles": {"approver": ["sato"]},
}
BOTH = {"ja": "見本", "en": "Sample"}


def book(folder, name, steps, category="routine", **more):
    data = {"id": name, "title": BOTH, "description": BOTH, "category": category, "owner": "ops", "steps": steps}
    folder.write(f"runbooks/{category}/{name}.yaml", json.dumps(data | more))


def disk(**more):
    return [{"id": "look", "checks": [{"id": "root", "kind": "disk", **more}]}]


@pytest.fixture
def site(folder):
    parameters = [{"name": name, "title": BOTH} for name in ("host", "path")]
    parameters[1] |= {"required": False}
    fix = [{"id": "go", "command": ["echo", "{{ params.host }}"]}]
    book(folder, "free-disk", fix, "incident", parameters=parameters)
    book(folder, "free-approved", fix, "incident", parameters=parameters, approve="role:approver")
    folder.write("runbooks/site/people.yaml", json.dumps(PEOPLE))
    return folder


def faults(site, **check):
    book(site, "morning", disk(**check))
    loaded = load_workspace(site.root, kinds=step_kinds(), environ={})
    return [(f.level, f.message.text("en"), f.close) for f in loaded.faults if "morning" in f.at.file], loaded


@pytest.mark.parametrize(
    "remedy",
    [
        "free-disk",
        {"id": "free-disk", "params": {"host": "{{ host.name }}"}},
        {"id": "free-disk", "params": {"path": "/tmp"}},
        {"id": "free-approved", "params": {"host": "{{ host.name }}"}, "start": "approval"},
        # The site's approvers, where neither the runbook nor the check says who.
        {"id": "free-disk", "params": {"host": "{{ host.name }}"}, "start": "approval"},
        {"id": "free-disk", "params": {"host": "{{ host.name }}"}, "start": "approval", "approve": "group:leads"},
        {"id": "free-disk", "params": {"host": "{{ host.name }}"}, "start": "approval", "approve": ["sato", "group:leads"]},
    ],
)
def test_a_runbook_that_is_there_is_taken(site, remedy):
    found, loaded = faults(site, runbook=remedy)
    assert found == []
    (named,) = remedies_of(loaded.runbooks["morning"].runbook)
    assert named.remedy.id == (remedy if isinstance(remedy, str) else remedy["id"])


@pytest.mark.parametrize(
    ("remedy", "says", "close"),
    [
        ("free-dsk", "none of that name", "free-disk"),
        ({"id": "{{ run.id }}"}, "cannot be a template", ""),
        ("{{ params.fix }}", "id", ""),
        ({"id": "free-disk", "params": {"hots": "x"}}, "hots", "host"),
        (
            {"id": "free-disk", "params": {"host": "web1"}, "start": "approval", "approve": "group:leds"},
            "group:leds",
            "group:leads",
        ),
        ({"id": "free-disk", "params": {"host": "web1"}, "start": "approval", "approve": "group:empty"}, "approve", ""),
        ({"id": "free-approved", "params": {"host": "a"}, "start": "approval", "approve": "sato"}, "leave `approve` out", ""),
        ({"id": "free-disk", "approve": "sato"}, "goes with", ""),
        ({"id": "free-approved", "start": "approval"}, "Enter", ""),
        ({"id": "free-disk", "begin": "approval"}, "begin", ""),
        ("Free Disk", "", ""),
    ],
)
def test_one_that_leads_nowhere_is_told_at_its_place(site, remedy, says, close):
    found, loaded = faults(site, runbook=remedy)
    assert [level for level, _, _ in found] == ["error"], found
    assert says in found[0][1]
    assert found[0][2] == close
    assert "morning" not in loaded.runbooks


def test_without_anybody_who_approves_it_says_what_to_write(site):
    site.write("runbooks/site/people.yaml", json.dumps({**PEOPLE, "roles": {}}))
    site.write("runbooks/incident/free-approved.yaml", "id: free-approved\n")
    ((level, text, _),), loaded = faults(site, runbook={"id": "free-disk", "params": {"host": "web1"}, "start": "approval"})
    assert level == "error"
    assert "`approve: group:NAME`" in text
    assert "morning" not in loaded.runbooks


def test_evidence_of_a_remedy_without_approvers_keeps_its_form():
    assert Remedy(id="free-disk").model_dump(mode="json") == {"id": "free-disk", "params": {}, "start": "offer"}
    asked = Remedy.model_validate({"id": "free-disk", "start": "approval", "approve": "group:leads"})
    assert asked.model_dump(mode="json")["approve"] == ["group:leads"]
    assert Remedy.model_validate(asked.model_dump(mode="json")) == asked


def test_a_remedy_with_mistakes_of_its_own_disables_itself_and_not_the_checks(site):
    site.write("runbooks/incident/free-disk.yaml", "id: free-disk\n")
    found, loaded = faults(site, runbook="free-disk")
    assert [(level, "mistakes" in text) for level, text, _ in found] == [("warning", True)]
    assert "morning" in loaded.runbooks


@pytest.mark.parametrize(("line", "field"), [('confirm_by = "9:00"', "confirm_by"), ("second = true", "second")])
def test_settings_of_the_sheet_are_closed(folder, line, field):
    folder.write("pyproject.toml", f"[tool.temanashi]\n[tool.temanashi.checks]\n{line}\n")
    with pytest.raises(Exception, match=field) as error:
        load_settings(folder.root, environ={})
    assert error.value.at.line == 3


def test_settings_of_the_sheet_are_read(folder):
    lines = 'confirm_by = "09:00"\nsecond_person = true\nrunbooks = ["morning"]\nsummary = "ops"'
    folder.write("pyproject.toml", f'[tool.temanashi]\npublic_url = "https://tema.example/"\n[tool.temanashi.checks]\n{lines}\n')
    settings = load_settings(folder.root, environ={})
    assert (settings.checks.confirm_time.hour, settings.checks.second_person) == (9, True)
    assert settings.page("checks/2026-11-20") == "https://tema.example/tema/checks/2026-11-20"
