import pytest

from fixtures_approvals import SetClock, guarded_engine


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def engine(tmp_path, clock):
    made = guarded_engine(tmp_path, clock=clock)
    yield made
    made.database.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state"
