"""What is wrong in a schedule or in the calendars is said at its line, in both languages, with the closest right word."""

import json

import jsonschema
import pytest

from temanashi.workspace.schema import write_schemas

CALENDAR = "runbooks/site/calendar.yaml"

WRONG = {
    "no time at all": ("id: a", "schedules.cron-or-at", ""),
    "two ways at once": ('cron: "0 8 * * *"\nat: "08:00"', "schedules.cron-or-at", ""),
    "days of a cron": ('cron: "0 8 * * *"\ndays: business_day', "schedules.days-without-at", ""),
    "48 o'clock": ('at: "48:00"', "schedules.not-clock", "48:00"),
    "a number as a time": ("at: 830", "schedules.not-clock", "830"),
    "a day that some months lack": ('at: "08:00"\ndays: {month_day: 31}', "schedules.month-day", "31"),
    "day zero": ('at: "08:00"\ndays: {month_day: 0}', "schedules.month-day", "0"),
    "the sixteenth business day": ('at: "08:00"\ndays: {nth_business_day: 16}', "schedules.nth", "16"),
    "business day zero": ('at: "08:00"\ndays: {nth_business_day: 0}', "schedules.nth", "0"),
    "two rules": ('at: "08:00"\ndays: {weekday: mon, month_day: 1}', "schedules.days-one", "weekday"),
    "no rule": ('at: "08:00"\ndays: {months: [3]}', "schedules.days-one", ""),
    "before and after": ('at: "08:00"\ndays: {month_day: 1, before: 1, after: 1}', "schedules.before-and-after", ""),
    "before every day": ('at: "08:00"\ndays: {every: day, before: 1}', "schedules.before-every", ""),
    "an end before the beginning": ('at: "08:00"\nfrom: 2026-12-01\nuntil: 2026-11-01', "schedules.from-until", "2026-11-01"),
    "an unknown day": ('at: "08:00"\ndays: holidays', "problems.not-one-of", "holidays"),
    "an unknown weekday": ('at: "08:00"\ndays: {weekday: monday}', "problems.not-one-of", "monday"),
    "an unknown shift": ('at: "08:00"\non_closed: forward', "problems.not-one-of", "forward"),
    "an unknown calendar": ('at: "08:00"\ncalendar: ose', "workspace.schedule-calendar", "tse"),
    "a blackout that ends before it begins": (
        'at: "08:00"\nblackout: [{from: 2026-12-02, to: 2026-12-01, reason: {ja: x, en: x}}]',
        "calendars.blackout-order",
        "2026-12-01",
    ),
    "a blackout at no time": (
        'at: "08:00"\nblackout: [{from: soon, to: 2026-12-01, reason: {ja: x, en: x}}]',
        "calendars.not-moment",
        "soon",
    ),
    "a reason in one language": (
        'at: "08:00"\nblackout: [{from: 2026-12-01, to: 2026-12-01, reason: x}]',
        "workspace.language",
        "reason",
    ),
    "an id that is none": ('at: "08:00"\nid: Morning Run', "problems.pattern", ""),
}


def with_schedule(text):
    first, *rest = text.split("\n")
    return "schedules:\n  - " + "\n    ".join([first, *rest]) + "\n"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_schedule_disables_its_runbook_and_says_why(folder, name):
    text, key, word = WRONG[name]
    folder.runbook("a", more=with_schedule(text))
    (fault,) = folder.load().faults
    assert fault.message.key == key
    assert fault.at.file.endswith("a.yaml")
    assert fault.at.line > 10
    assert fault.at.field.startswith("schedules.0")
    for lang in ("ja", "en"):
        told = fault.message.text(lang)
        assert "{" not in told
        assert word in told
    assert folder.load().runbooks == {}


def test_a_misspelt_key_and_calendar_have_a_suggestion(folder):
    folder.runbook("a", more=with_schedule('at: "08:00"\non_close: next'))
    folder.runbook("b", more=with_schedule('at: "08:00"\ncalendar: tsa'))
    assert [(f.at.field, f.close) for f in folder.load().faults] == [
        ("schedules.0.on_close", "on_closed"),
        ("schedules.0.calendar", "tse"),
    ]


def test_two_schedules_cannot_have_one_id(folder):
    folder.runbook("a", more='schedules:\n  - {id: x, at: "08:00"}\n  - {id: x, at: "09:00"}\n')
    assert {f.message.key for f in folder.load().faults} == {"workspace.schedule-id"}


def test_schedules_without_an_id_are_numbered_and_everything_is_kept(folder):
    folder.write(CALENDAR, "calendars:\n  osaka: {base: tse, closed: [2026-11-20]}\n")
    more = """\
        schedules:
          - {at: ["08:00", "25:30"], days: business_day, calendar: osaka}
          - id: close
            title: {ja: 締め, en: Close}
            at: "17:00"
            days: {nth_business_day: [3, -1], months: 3, after: 1}
            on_closed: next
            blackout:
              - {from: "2026-12-30 17:00", to: 2027-01-03, reason: {ja: 停止, en: Down}}
            from: 2026-04-01
            until: 2027-03-31
            timezone: America/New_York
            active: false
        """
    folder.runbook("a", more=more)
    workspace = folder.load()
    assert workspace.faults == []
    first, second = workspace.runbooks["a"].runbook.schedules
    assert (first.id, second.id) == ("1", "close")
    assert (second.days.months, second.days.moved, str(second.start)) == ((3,), 1, "2026-04-01")
    assert (str(second.blackout[0].first), str(second.blackout[0].after)) == ("2026-12-30 17:00:00", "2027-01-04 00:00:00")


CALENDARS = {
    "closed: [2026-11-20]\nopened: [2026-11-20]\n": ("calendars.closed-and-opened", "2026-11-20"),
    "calendars:\n  tse: {closed: [2026-11-20]}\n": ("calendars.taken", "tse"),
    "calendars:\n  osaka: {base: ose}\n": ("calendars.unknown-base", "tse"),
    "calendars:\n  a: {base: b}\n  b: {base: a}\n": ("calendars.circle", "b"),
    "calendars:\n  a: {base: a}\n": ("calendars.circle", "a"),
    "calendars:\n  a: {closed: [2026-11-20], opened: [2026-11-20]}\n": ("calendars.closed-and-opened", "2026-11-20"),
    "base: nyse\n": ("problems.not-one-of", "nyse"),
    "blackout: [{from: 2026-12-02, to: 2026-12-01, reason: x}]\n": ("calendars.blackout-order", "2026-12-01"),
}


@pytest.mark.parametrize("text", CALENDARS)
def test_a_wrong_calendar_is_told_with_its_name(folder, text):
    key, word = CALENDARS[text]
    folder.write(CALENDAR, text)
    (fault,) = folder.load().faults
    assert (fault.message.key, fault.at.file) == (key, CALENDAR)
    for lang in ("ja", "en"):
        told = fault.message.text(lang)
        assert word in told
        assert "{" not in told


def test_named_calendars_build_on_one_another(folder):
    folder.write(
        CALENDAR,
        """\
        closed: [2026-12-28]
        calendars:
          branch: {base: company, opened: [2026-12-28], closed: [2026-11-20]}
          desk: {base: branch, opened: [2026-11-20]}
          abroad: {base: weekends}
        """,
    )
    site = folder.load().calendar
    open_on = {
        name: [day for day in ("2026-11-20", "2026-11-23", "2026-12-28") if site.calendar(name).is_business_day(_day(day))]
        for name in ("company", "branch", "desk", "abroad")
    }
    assert open_on == {
        "company": ["2026-11-20"],
        "branch": ["2026-12-28"],
        "desk": ["2026-11-20", "2026-12-28"],
        "abroad": ["2026-11-20", "2026-11-23", "2026-12-28"],
    }


def _day(text):
    from datetime import date

    return date.fromisoformat(text)


def test_the_schemas_accept_what_the_loader_accepts(folder, tmp_path):
    files = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in write_schemas(tmp_path / "schemas")}
    site = {
        "base": "tse",
        "closed": ["2026-12-28"],
        "calendars": {"osaka": {"base": "company", "opened": ["2026-12-28"]}},
        "blackout": [{"from": "2026-12-30 17:00", "to": "2027-01-03", "reason": {"ja": "停止", "en": "Down"}}],
    }
    jsonschema.validate(site, files["calendar.schema.json"])
    schedules = [
        {"at": "25:30", "days": "business_day"},
        {"at": ["08:00"], "days": {"weekday": "mon", "months": 3}, "from": "2026-04-01", "on_closed": "next"},
        {"at": "08:00", "days": {"nth_business_day": -1, "before": 1}, "calendar": "osaka"},
    ]
    runbook = {
        "id": "a",
        "title": "a",
        "description": "a",
        "category": "routine",
        "owner": "ops",
        "steps": [{"id": "x", "command": ["true"]}],
        "schedules": schedules,
    }
    jsonschema.validate(runbook, files["runbook.schema.json"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**runbook, "schedules": [{"at": "48:00"}]}, files["runbook.schema.json"])
