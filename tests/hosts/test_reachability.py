"""What a host answers when it is tried: its clock, its commands, and why it is not reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from temanashi.hosts import Host, Inventory, Result, Unreachable
from temanashi.hosts.reachability import try_host, try_hosts
from temanashi.hosts.trusting import in_reach_order

NOW = 1_800_000_000


@dataclass
class Clock:
    at: float = NOW
    step: float = 0.4

    def now(self):
        self.at += self.step / 2
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self):
        return self.at

    def sleep(self, seconds):
        raise AssertionError


@dataclass
class Answers:
    """A transport that has answers ready."""

    date: str = str(NOW)
    exits: tuple[int, int, int] = (0, 0, 0)
    error: Exception | None = None
    ran: list[object] = field(default_factory=list)

    def run_all(self, commands, *, timeout):
        self.ran += commands
        if self.error:
            return [self.error for _ in commands]
        outs = (self.date, "ops", "Linux 6.1")
        return [Result(exit=code, stdout=out.encode()) for code, out in zip(self.exits, outs, strict=True)]


HOST = Host.model_validate({"name": "web1"})


def notes(found):
    return [(note.key.removeprefix("inventory."), note.text("en"), bool(note.text("ja"))) for note in found.notes]


def test_a_host_that_answers_is_good_and_says_who_and_what_it_is():
    found = try_host(HOST, Answers(), clock=Clock())
    assert (found.state, found.user, found.kernel, found.clock_offset, found.notes) == ("good", "ops", "Linux 6.1", 0.0, ())


@pytest.mark.parametrize(
    ("ahead", "state", "key"),
    [(4, "good", None), (30, "warning", "test-clock-ahead"), (-4, "good", None), (-30, "warning", "test-clock-behind")],
)
def test_a_clock_is_judged_by_what_the_measurement_can_tell(ahead, state, key):
    found = try_host(HOST, Answers(date=str(NOW + ahead)), clock=Clock())
    assert found.state == state
    assert [one for one, _, _ in notes(found)] == ([key] if key else [])


def test_a_slow_answer_says_less_of_the_clock():
    assert try_host(HOST, Answers(date=str(NOW + 60)), clock=Clock(step=80)).clock_offset == 0.0


def test_an_answer_that_is_no_time_is_not_taken_for_a_right_clock():
    found = try_host(HOST, Answers(date="Fri Nov 20"), clock=Clock())
    assert (found.state, found.clock_offset, notes(found)) == (
        "warning",
        None,
        [("test-no-clock", "Its clock cannot be read.", True)],
    )


def test_commands_that_do_not_work_are_named():
    found = try_host(HOST, Answers(exits=(127, 0, 1)), clock=Clock())
    assert notes(found) == [("test-commands", "Entered, but date, uname did not work.", True)]


def test_what_cannot_be_reached_keeps_its_reason():
    error = Unreachable("web1", "down")
    found = try_host(HOST, Answers(error=error), clock=Clock())
    assert (found.state, found.error, found.clock_offset) == ("unreachable", error, None)


def test_a_host_without_a_shell_is_not_entered():
    transport = Answers()
    assert try_host(Host.model_validate({"name": "win", "shell": "none"}), transport, clock=Clock()).state == "outside"
    assert transport.ran == []


def test_one_value_a_host_whatever_happens_on_the_others():
    hosts = [Host.model_validate({"name": f"web{n}"}) for n in range(4)]
    seen = []

    def connect(host, stop):
        if host.name == "web2":
            raise RuntimeError("surprise")
        return Answers()

    found = try_hosts(hosts, connect=connect, clock=Clock(), noticed=lambda one: seen.append(one.host))
    assert [(name, one.state) for name, one in found.items()] == [
        ("web0", "good"),
        ("web1", "good"),
        ("web2", "unreachable"),
        ("web3", "good"),
    ]
    assert sorted(seen) == ["web0", "web1", "web3"]
    assert "surprise" in str(found["web2"].error)


def test_hosts_on_the_way_come_first_and_each_host_once():
    inventory = Inventory.model_validate(
        {
            "hosts": {
                "far": {"jump": ["inner"]},
                "inner": {"jump": ["gate"]},
                "gate": {},
                "web": {"jump": ["gate"]},
                "win": {"shell": "none"},
                "here": {"transport": "local"},
            }
        }
    )
    rounds = in_reach_order(inventory.select("far,web,gate,win,here"))
    assert [sorted(host.name for host in one) for one in rounds] == [["gate"], ["inner", "web"], ["far"]]
