"""`runbooks/site/roadmap.yaml`: every mistake with its line; with one there is no roadmap, and all else is as it was."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.creating import init_workspace, starter_texts
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version, publish
from temanashi.workspace.schema import write_schemas
from temanashi.workspace.yaml_source import read_yaml

FILE = "runbooks/site/roadmap.yaml"
GOOD = """\
starts: 2026-04-01
policy: {ja: 方針, en: Policy}
ideal: {ja: 理想, en: Ideal}
goals:
  - {id: one-year, by: 2027-03-31, title: {ja: 半分, en: Half}, reduction: 0.5}
measures:
  - {id: count, title: {ja: 棚卸し, en: Census}, half: 2026-H1}
tasks:
  - {id: list, title: {ja: 一覧, en: List}, measure: count, owner: ops, from: 2026-04, to: 2026-05, hours: 8, done: 2026-05-29}
"""


def told(folder, text, lang="en"):
    folder.write(FILE, text)
    loaded = load_workspace(folder.root, kinds=step_kinds())
    return fault_lines(loaded.faults, lang), loaded.roadmap


def test_the_file_is_read_with_its_months_and_days(folder):
    faults, roadmap = told(folder, GOOD)
    assert faults == []
    (task,) = roadmap.tasks
    assert (task.first, task.last, task.seconds, str(task.done)) == ("2026-04", "2026-05", 28_800, "2026-05-29")


def test_without_the_file_there_is_no_roadmap(folder):
    assert load_workspace(folder.root, kinds=step_kinds()).roadmap is None


BROKEN = [
    (("owner: ops", "onwer: ops"), 9, "`onwer`"),
    (("measure: count", "measure: cuont"), 9, "count"),
    (("to: 2026-05", "to: 2026-03"), 9, "2026-03"),
    (("from: 2026-04, to: 2026-05", "from: 2026-10, to: 2026-11"), 9, "2026-H1"),
    (("from: 2026-04", "from: 2026-4"), 9, "2026-4"),
    (("hours: 8", "hours: 0"), 9, "0"),
    (("done: 2026-05-29", "done: true"), 9, "done"),
    (("by: 2027-03-31", "by: 2026-04-01"), 5, "2026-04-01"),
    (("reduction: 0.5", "reduction: 50"), 5, "50"),
    (("half: 2026-H1", "half: 2026-1"), 7, "2026-1"),
    ((", en: Census", ""), 7, "en"),
    (("{ja: 方針, en: Policy}", "{ja: 方針}"), 2, "en"),
    (("half: 2026-H1}", "half: 2026-H1, failed: {on: 2026-05-01}}"), 7, "learned"),
]


@pytest.mark.parametrize(("change", "line", "word"), BROKEN, ids=[pair[0][1] for pair in BROKEN])
def test_a_mistake_is_told_with_its_line_and_takes_only_the_roadmap_away(folder, change, line, word):
    assert change[0] in GOOD
    for lang in ("ja", "en"):
        faults, roadmap = told(folder, GOOD.replace(*change, 1), lang)
        assert roadmap is None
        assert faults[0].startswith(f"{FILE}:{line}  ")
        assert word in faults[0] or lang == "ja"
        assert "{" not in faults[0].replace("{ja", "")


def test_a_name_used_twice_is_told(folder):
    again = "  - {id: count, title: {ja: 別, en: Other}, half: 2026-H2}\n"
    faults, roadmap = told(folder, GOOD.replace("tasks:\n", again + "tasks:\n"))
    assert (len(faults), roadmap) == (1, None)
    assert faults[0].startswith(f"{FILE}:8")


def test_the_roadmap_of_this_repository_is_good_and_as_its_schema_says(tmp_path):
    init_workspace(tmp_path / "site")
    loaded = load_workspace(tmp_path / "site", kinds=step_kinds(), environ={})
    assert loaded.roadmap is not None
    assert {half[-2:] for half in (m.half for m in loaded.roadmap.measures)} == {"H1", "H2"}
    assert any(measure.failed for measure in loaded.roadmap.measures)
    write_schemas(tmp_path / "schemas")
    schema = Draft202012Validator(json.loads((tmp_path / "schemas/roadmap.schema.json").read_text()))
    assert list(schema.iter_errors(read_yaml(starter_texts()[FILE]).data)) == []
    assert list(schema.iter_errors(read_yaml(GOOD.replace("owner", "onwer")).data)) != []


def test_what_is_published_has_the_roadmap_until_the_next_version(tmp_path):
    site = tmp_path / "site"
    init_workspace(site)

    def publication(installation):
        loaded = load_workspace(site, kinds=step_kinds())
        return publish(installation.database, installation.ledger, loaded, actor=Actor(name="alice"), clock=installation.clock)

    def live(installation):
        with installation.database.reading() as connection:
            return current_version(connection, kinds=step_kinds())

    with open_installation(site) as installation:
        publication(installation)
        (site / FILE).write_text(GOOD.replace("owner", "onwer"), encoding="utf-8")
        assert live(installation).roadmap.tasks[0].id == "list-tasks"
        publication(installation)
        after = live(installation)
        assert after.roadmap is None
        assert "morning-checks" in after.runbooks
