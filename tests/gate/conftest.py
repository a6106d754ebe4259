"""One gate for the whole package."""

import httpx
import pytest

from fixtures_prefect import gate_running, make_place
from fixtures_slapd import slapd
from gate.guarded import guarded

__all__ = ["gate", "house", "http", "slapd"]


@pytest.fixture(scope="session")
def gate(tmp_path_factory):
    place = make_place(tmp_path_factory.mktemp("gate"))
    place.runbook("quick-look", {"id": "look", "command": {"run": ["echo", "ok"], "reads": True}})
    place.publish()
    with gate_running(place.settings):
        yield place


@pytest.fixture
def http(gate):
    with httpx.Client(base_url=f"http://127.0.0.1:{gate.settings.port}", trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """One gate where people sign in."""
    with guarded(tmp_path_factory.mktemp("guarded")) as house:
        yield house
