import pytest

from fixtures_runs import make_engine


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path)
    yield made
    made.database.close()
