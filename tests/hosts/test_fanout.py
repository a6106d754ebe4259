"""One value a host."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from temanashi.hosts import Host, JobFailed, Unreachable, fan_out
from temanashi.text import explain

HOSTS = [Host(name=f"h{n}") for n in range(6)]


def test_each_host_has_its_result_in_the_order_given() -> None:
    assert list(fan_out(HOSTS, lambda host: host.name.upper()).items())[:2] == [("h0", "H0"), ("h1", "H1")]


def test_the_failure_of_one_host_is_its_value_and_hides_no_other() -> None:
    def job(host: Host) -> str:
        if host.name == "h1":
            raise Unreachable("h1", "down")
        if host.name == "h2":
            raise KeyError("surprise")
        return "fine"

    results = fan_out(HOSTS, job)
    assert [type(value).__name__ for value in results.values()] == ["str", "Unreachable", "JobFailed", "str", "str", "str"]
    surprise = results["h2"]
    assert isinstance(surprise, JobFailed)
    assert "(KeyError): 'surprise'" in explain(surprise, "en").what
    assert "KeyError" in explain(surprise, "ja").what


def test_hosts_are_worked_on_at_once_but_not_more_than_allowed() -> None:
    lock = threading.Lock()
    busy, most = 0, 0

    def job(host: Host) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.05)
        with lock:
            busy -= 1

    fan_out(HOSTS, job, workers=3)
    assert 1 < most <= 3


def test_no_host_is_no_result() -> None:
    assert fan_out([], str) == {}


def test_ctrl_c_cancels_what_has_not_started() -> None:
    started: list[str] = []

    def job(host: Host) -> None:
        started.append(host.name)
        time.sleep(0.1)

    timer = threading.Timer(0.25, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        fan_out([Host(name=f"h{n}") for n in range(40)], job, workers=1)
    assert 0 < len(started) < 40
