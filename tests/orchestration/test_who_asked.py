from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from prefect.client.schemas.objects import FlowRun

from temanashi.orchestration.asking import asker, expected_day

CREATED = {"id": uuid4(), "display_value": "hanako"}


def flow_run(**more):
    return FlowRun(flow_id=uuid4(), **more)


def test_a_form_without_a_sign_in_is_somebody_at_prefects_ui():
    asked = asker(flow_run())
    assert (asked.actor.name, asked.actor.kind, asked.actor.assurance, asked.channel) == (
        "prefect-ui",
        "person",
        "asserted",
        "form",
    )


def test_a_schedule_is_a_part_of_the_system():
    asked = asker(flow_run(auto_scheduled=True, tags=["actor:mallory"]))
    assert (asked.actor.name, asked.actor.kind, asked.channel) == ("schedule", "system", "schedule")


def test_the_user_whom_prefect_recorded_is_believed_before_a_tag():
    asked = asker(flow_run(created_by={**CREATED, "type": "USER"}, tags=["actor:mallory"]))
    assert (asked.actor.name, asked.channel) == ("hanako", "form")


def test_an_automation_is_an_alert():
    asked = asker(flow_run(created_by={**CREATED, "type": "AUTOMATION"}))
    assert (asked.actor.kind, asked.channel) == ("system", "alert")


def test_tags_tell_who_asked_on_the_terminal_and_for_which_ticket():
    asked = asker(flow_run(tags=["actor:alice", "channel:cli", "ticket:INC-7", "ops"]))
    assert (asked.actor.name, asked.channel, asked.ticket) == ("alice", "cli", "INC-7")


@pytest.mark.parametrize("channel", ["schedule", "nonsense", ""])
def test_a_tag_cannot_claim_to_be_the_schedule(channel):
    assert asker(flow_run(tags=[f"channel:{channel}"])).channel == "form"


def test_a_name_of_any_length_is_an_actor():
    assert len(asker(flow_run(tags=[f"actor:{'x' * 5000}"])).actor.name) == 200


def test_a_late_run_serves_the_day_that_its_schedule_meant():
    moment = datetime(2026, 11, 19, 22, 30, tzinfo=UTC)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert expected_day(flow_run(auto_scheduled=True, expected_start_time=moment), tokyo) == "2026-11-20"
    assert expected_day(flow_run(expected_start_time=moment), tokyo) is None
