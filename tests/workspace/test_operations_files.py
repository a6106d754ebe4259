"""`alerts.yaml`, `kpi.yaml` and topics: every mistake with its line, and what is right counts."""

import json

import pytest

from temanashi.calendars import Month
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.operations_files import topic_of

RUNBOOK = {
    "id": "recover",
    "title": {"ja": "復旧", "en": "Recover"},
    "description": {"ja": "見本です。", "en": "A sample."},
    "category": "incident",
    "owner": "ops",
    "toil": {"demand": {"source": "alerts"}},
    "steps": [{"id": "look", "checks": [{"id": "web", "kind": "tcp", "port": 80, "host": "127.0.0.1"}]}],
}


def told(folder, **files):
    folder.write("runbooks/incident/recover.yaml", json.dumps(RUNBOOK))
    other = {**RUNBOOK, "id": "reset", "toil": {"demand": "request"}}
    folder.write("runbooks/incident/reset.yaml", json.dumps(other))
    for name, text in files.items():
        folder.write(f"runbooks/site/{name}.yaml", text)
    loaded = load_workspace(folder.root, kinds=step_kinds())
    return fault_lines(loaded.faults, "en"), loaded


def test_rules_are_read_in_their_order(folder):
    text = "rules:\n  - {id: a, match: {x: '1'}, owner: A, task: recover}\n  - {id: rest, owner: B}\n"
    faults, loaded = told(folder, alerts=text)
    assert faults == []
    assert [(rule.id, rule.owner, rule.match) for rule in loaded.alerts.rules] == [("a", "A", {"x": ("1",)}), ("rest", "B", {})]


@pytest.mark.parametrize(
    ("rule", "line", "words"),
    [
        ("{id: a, match: {x: '1'}, owner: A}", 3, "two rules a"),
        ("{id: b, match: {x: '1'}, owner: A, task: recoverr}", 3, "no task recoverr"),
        ("{id: b, match: {x: '1'}, owner: A, task: reset}", 3, "source: alerts"),
    ],
)
def test_a_rule_with_a_mistake_assigns_nothing_and_the_others_count(folder, rule, line, words):
    text = f"rules:\n  - {{id: a, match: {{x: '1'}}, owner: A}}\n  - {rule}\n"
    (fault,), loaded = told(folder, alerts=text)
    assert fault.startswith(f"runbooks/site/alerts.yaml:{line}  ")
    assert words in fault
    assert [rule.id for rule in loaded.alerts.rules] == ["a"]


def test_a_rule_for_the_rest_stands_last(folder):
    (fault,), loaded = told(folder, alerts="rules:\n  - {id: rest, owner: B}\n  - {id: a, match: {x: '1'}, owner: A}\n")
    assert "put it last" in fault
    assert [rule.id for rule in loaded.alerts.rules] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "rules: 5",
        "rule: []",
        "gap_minutes: 1441",
        "timezone: Asia/Tokio",
        "rules:\n  - {id: a, match: {x: []}, owner: A}",
        "rules:\n  - {id: a, match: {x: '1'}}",
        "rules:\n  - {id: a, match: {x: ''}, owner: A}",
    ],
)
def test_a_file_that_cannot_be_read_assigns_nothing(folder, text):
    faults, loaded = told(folder, alerts=text)
    assert len(faults) == 1
    assert loaded.alerts.rules == ()
    assert set(loaded.runbooks) == {"recover", "reset"}


def test_figures_name_a_check_by_runbook_or_by_step(folder):
    text = "kpi:\n  - {check: recover/web, title: {ja: あ, en: a}}\n  - {check: recover/look/web, title: {ja: い, en: b}}\n"
    faults, loaded = told(folder, kpi=text)
    assert faults == []
    assert [one.check for one in loaded.kpi] == ["recover/web", "recover/look/web"]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ("{check: recover/wep, title: {ja: あ, en: a}}", "recover/web"),
        ("{check: recover/web, title: {ja: あ}}", "title"),
        ("{check: recover, title: {ja: あ, en: a}}", "check"),
        ("{check: recover/web}", "title"),
    ],
)
def test_a_figure_with_a_mistake_is_told_and_left_out(folder, one, words):
    (fault,), loaded = told(folder, kpi=f"kpi:\n  - {one}\n")
    assert fault.startswith("runbooks/site/kpi.yaml:2  ")
    assert words in fault
    assert loaded.kpi == ()


def test_what_a_broken_runbook_would_have_is_not_blamed_on_others(folder):
    folder.write("runbooks/incident/broken.yaml", "id: [")
    faults, loaded = told(
        folder,
        alerts="rules:\n  - {id: a, match: {x: '1'}, owner: A, task: broken}\n",
        kpi="kpi:\n  - {check: broken/web, title: {ja: あ, en: a}}\n",
    )
    assert not [line for line in faults if "runbooks/site" in line]
    assert (len(loaded.alerts.rules), len(loaded.kpi)) == (1, 1)


def test_a_topic_is_that_of_its_month_and_language(folder):
    folder.write("runbooks/site/topics/2026-11.md", "# 十一月")
    folder.write("runbooks/site/topics/2026-11.en.md", "# November")
    folder.write("runbooks/site/topics/2026-10.md", "# 十月")
    faults, loaded = told(folder)
    assert faults == []
    november = Month(2026, 11)
    assert [topic_of(loaded.texts, november, lang) for lang in ("ja", "en")] == ["# 十一月", "# November"]
    assert topic_of(loaded.texts, Month(2026, 10), "en") == "# 十月"
    assert topic_of(loaded.texts, Month(2026, 9), "ja") == ""


@pytest.mark.parametrize("name", ["november", "2026-13", "2026-11.fr", "2026-11-01"])
def test_a_topic_of_no_month_is_told(folder, name):
    folder.write(f"runbooks/site/topics/{name}.md", "x")
    (fault,), _ = told(folder)
    assert "2026-11.md" in fault
