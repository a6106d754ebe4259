import pytest

from fixtures_steps import World, sample_functions, serving_site


@pytest.fixture(scope="session", autouse=True)
def _functions():
    with sample_functions():
        yield


@pytest.fixture
def world(tmp_path):
    with serving_site() as site:
        made = World(tmp_path, site)
        yield made
        made.engine.database.close()
