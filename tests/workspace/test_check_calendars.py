"""Calendars that checks name must be there when a workspace is loaded, not when a check looks at night."""

import pytest

from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.loading import load_workspace

RUNBOOK = """\
id: a
title: {ja: 点検, en: Checks}
description: {ja: 点検します。, en: Checks.}
category: routine
owner: ops
steps:
  - id: look
    checks:
      - {id: eod, kind: job, by: "25:30", record: /run/eod.rc, calendar: %s}
      - {id: busy, kind: load, by_time: [{days: business_day, calendar: %s, warn: "1:"}]}
"""


def loaded(folder, first, second):
    folder.write("runbooks/routine/a.yaml", RUNBOOK % (first, second))
    return load_workspace(folder.root, kinds=step_kinds(), environ={})


@pytest.mark.parametrize(("first", "second", "field"), [("tsa", "tse", "0.calendar"), ("tse", "tsa", "1.by_time.0.calendar")])
def test_an_unknown_calendar_of_a_check_is_told_with_its_place_and_the_closest_one(folder, first, second, field):
    (fault,) = loaded(folder, first, second).faults
    assert (fault.message.key, fault.close) == ("workspace.schedule-calendar", "tse")
    assert fault.at.field == f"steps.0.checks.{field}"
    assert fault.at.line > 5
    assert "「tsa」" in fault.message.text("ja")


def test_calendars_of_the_workspace_and_templates_are_fine(folder):
    folder.write("runbooks/site/calendar.yaml", "calendars:\n  osaka: {base: tse, closed: [2026-11-20]}\n")
    assert loaded(folder, "osaka", '"{{ host.vars.calendar }}"').faults == []
