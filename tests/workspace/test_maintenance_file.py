"""`runbooks/site/maintenance.yaml`: every mistake with its line; a window with one keeps nothing quiet, the others count."""

import json

import pytest

from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.loading import load_workspace

FILE = "runbooks/site/maintenance.yaml"
GOOD = """windows:
  - id: good
    systems: [order]
    checks: ["look/word", "w*"]
    at: "23:00"
    days: {weekday: sun}
    length: 3h
    reason: {ja: 毎週の再起動, en: Weekly restart}
    owner: order-platform
"""


@pytest.fixture
def site(folder):
    folder.write("runbooks/site/hosts.yaml", "hosts:\n  web1: {system: order}\n  web2:\n")
    check = {"id": "word", "kind": "command", "run": ["true"]}
    folder.write("runbooks/routine/look.yaml", json.dumps({**LOOK, "steps": [{"id": "files", "checks": [check]}]}))
    return folder


LOOK = {
    "id": "look",
    "title": {"ja": "見る", "en": "Look"},
    "description": {"ja": "見ます。", "en": "Looks."},
    "category": "routine",
    "owner": "ops",
    "toil": {"demand": "request"},
}


def load(site):
    return load_workspace(site.root, kinds=step_kinds())


def told(site, text):
    site.write(FILE, text)
    loaded = load(site)
    return fault_lines(loaded.faults, "en"), [window.id for window in loaded.maintenance]


def test_a_good_file_has_no_fault_and_is_no_unknown_site_file(site):
    assert told(site, GOOD) == ([], ["good"])
    assert "maintenance" not in load(site).site
    assert told(site, "windows: []\n") == ([], [])


def more(text):
    """The good window and another one, whose first line is the tenth of the file."""
    return GOOD + text


BASE = 'at: "03:00", length: 1h, reason: {ja: あ, en: a}, owner: ops'


@pytest.mark.parametrize(
    ("text", "lines", "kept"),
    [
        (f"  - {{id: b, hosts: web1, {BASE}, lenght: 2h}}\n", ["10  unknown key `lenght`. Close: `length`"], ["good"]),
        (f"  - {{id: b, {BASE}}}\n", ["10  The window says neither"], ["good"]),
        (f"  - {{id: good, hosts: web1, {BASE}}}\n", ["10  Two windows have the id `good`"], ["good"]),
        (f"  - {{id: b, hosts: web1, {BASE}, timezone: Asia/Tokio}}\n", ["10  there is no time zone"], ["good"]),
        (f"  - {{id: b, hosts: web1, {BASE}, calendar: jpx, days: business_day}}\n", ["10  "], ["good"]),
        # What covers nothing is told, and does no harm.
        (f"  - id: b\n    hosts: web9\n    {BASE}\n", None, None),
        (f"  - {{id: b, hosts: web9, {BASE}}}\n", ["10  "], ["good", "b"]),
        (f"  - {{id: b, systems: [ordre], {BASE}}}\n", ["10  "], ["good", "b"]),
        (
            f"  - {{id: b, hosts: all, checks: [look/wrd], {BASE}}}\n",
            ["10  No check of any runbook"],
            ["good", "b"],
        ),
        ("  - {id: b, hosts: all, at: '03:00', length: 1h, reason: やすみ, owner: ops}\n", ["10  "], ["good", "b"]),
    ],
)
def test_every_mistake_has_its_line_and_leaves_the_other_windows(site, text, lines, kept):
    found, ids = told(site, more(text))
    if lines is None:  # not even YAML: then the file as a whole says nothing
        assert [line.startswith(f"{FILE}:") for line in found] == [True] * len(found) != []
        assert ids == []
        return
    assert len(found) == len(lines), found
    assert all(line.startswith(f"{FILE}:{start}") for line, start in zip(found, lines, strict=True)), found
    assert ids == kept


def test_all_mistakes_are_told_at_once(site):
    found, ids = told(site, more(f"  - {{id: b, {BASE}}}\n  - {{id: c, hosts: web9, at: '3', length: 1y, reason: x, owner: o}}\n"))
    assert [line.split("  ")[0] for line in found] == [f"{FILE}:10", f"{FILE}:11", f"{FILE}:11"]
    assert ids == ["good"]


@pytest.mark.parametrize("text", ["windows: 3\n", "window: []\n", "- a\n", "windows: {a: 1}\n"])
def test_what_is_no_list_of_windows_is_told_and_disables_the_file_alone(site, text):
    found, ids = told(site, text)
    assert len(found) == 1
    assert ids == []
    assert list(load(site).runbooks) == ["look"]


def test_checks_of_a_runbook_that_cannot_be_read_are_not_called_unknown(site):
    site.write("runbooks/routine/other.yaml", "id: other\n")
    found, ids = told(site, GOOD.replace("look/word", "other/word"))
    assert [line for line in found if line.startswith(FILE)] == []
    assert ids == ["good"]


def test_a_calendar_of_the_site_may_be_named(site):
    site.write("runbooks/site/calendar.yaml", "calendars: {works: {base: every_day}}\n")
    assert told(site, GOOD.replace("    length", "    calendar: works\n    length")) == ([], ["good"])
