"""Words of `allow:`, `approve:` and people.yaml that name nobody are told at load, with line and suggestion."""

import pytest

from temanashi.workspace.faults import fault_lines

PEOPLE = """\
people:
  yamada: {name: 山田 花子}
  sato:
    name: 佐藤
    deputies:
      - {who: yamda, from: 2026-12-01, to: 2026-12-10}
groups:
  ops-leads: [yamada, sato]
"""
GOOD = PEOPLE.replace("yamda", "yamada")


def lines(folder, lang="en"):
    return fault_lines(folder.load().faults, lang)


def test_a_workspace_without_people_is_fine(folder):
    folder.runbook("hand")
    assert folder.load().people.people == {}
    assert lines(folder) == []


def test_the_starter_people_are_no_mistake_and_are_replaced_by_one_person_alone(folder):
    from temanashi.workspace.creating import starter_texts

    folder.write("runbooks/site/people.yaml", starter_texts()["runbooks/site/people.yaml"])
    assert lines(folder) == []
    assert len(folder.load().people.people) < 2  # from two on, a change takes two people


def test_people_are_published_with_the_workspace(folder):
    folder.write("runbooks/site/people.yaml", GOOD)
    assert folder.load().people.members(["group:ops-leads"]) == {"yamada", "sato"}


def test_a_deputy_who_does_not_exist_is_told_with_the_line(folder):
    folder.write("runbooks/site/people.yaml", PEOPLE)
    (line,) = lines(folder)
    assert line.startswith("runbooks/site/people.yaml:6  ")
    assert "yamda" in line
    assert "yamada" in line.replace("yamda", "")
    assert "people.yaml にありません" in lines(folder, "ja")[0]


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("approve: group:ops-lead\n", 10, ["group:ops-lead", "group:ops-leads"]),
        ("approve: {by: [yamada, group:ops-lead]}\n", 10, ["group:ops-leads"]),
        ("approve: {by: group:ops-leads, count: 3}\n", 10, ["3 people must approve", "only 2"]),
        ("approve: {by: yamada, escalate: {after_hours: 1, to: saito}}\n", 10, ["saito", "sato"]),
        ("approve: {by: yamada, emergency: role:emergency}\n", 10, ["role:emergency"]),
        ("allow: [group:ops-leads, schedul]\n", 10, ["schedul", "schedule"]),
        ("approve: {by: yamada, expires: {hours: 1, business_days: 2}}\n", 10, ["one of them"]),
        ("approve: {by: yamada, expires: tomorrow}\n", 10, ["expires"]),
        ("approve: {by: []}\n", 10, ["by"]),
        ("approve: {bye: yamada}\n", 10, ["bye"]),
    ],
)
def test_mistakes_in_the_rights_of_a_runbook(folder, more, line, words):
    folder.write("runbooks/site/people.yaml", GOOD)
    folder.runbook("hand", more=more)
    found = lines(folder)
    assert found[0].startswith(f"runbooks/routine/hand.yaml:{line}  "), found
    assert all(word in "\n".join(found) for word in words), found
    assert not folder.load().runbooks


@pytest.mark.parametrize(
    "more",
    [
        "approve: group:ops-leads\n",
        "approve: [yamada, sato]\nallow: [group:ops-leads, schedule, alert]\n",
        "approve: {by: group:ops-leads, count: 2, expires: {hours: 4}, escalate: {after_hours: 2, to: sato}, emergency: yamada}\n",
        "approve: {by: yamada, count: 2, expires: next_business_day, escalate: {after_hours: 0.5, to: [sato]}}\n",
    ],
)
def test_rights_that_are_fine(folder, more):
    folder.write("runbooks/site/people.yaml", GOOD)
    folder.runbook("hand", more=more)
    assert lines(folder) == []
    assert folder.load().runbooks["hand"].runbook.approve.by


def test_a_broken_people_file_disables_what_needs_it_and_nothing_else(folder):
    folder.write("runbooks/site/people.yaml", "peple: {}\n")
    folder.runbook("free")
    folder.runbook("guarded", more="approve: group:ops-leads\n")
    assert list(folder.load().runbooks) == ["free"]
    assert "people" in lines(folder)[-1]


def test_who_confirms_a_line_must_exist(folder):
    folder.write("runbooks/site/people.yaml", GOOD)
    asked = '{text: {ja: 画面を見ます。, en: Look at the screen.}, confirm: "group:ops-lead"}'
    folder.runbook("hand", **{"{ja: 画面を見ます。, en: Look at the screen.}": asked})
    found = "\n".join(lines(folder))
    assert "group:ops-leads" in found
