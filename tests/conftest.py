"""Options of the whole suite, and how its files are spread over processes."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHARED = ("e2e", "orchestration")  # folders whose files share one server: one process runs them all, and begins with them


@pytest.hookimpl(tryfirst=True)  # before the marks are read
def pytest_collection_modifyitems(items):
    """One group a file (`--dist loadgroup`), one for a folder of SHARED; the long groups come first."""
    for item in items:
        parts = item.path.relative_to(HERE).parts
        item.add_marker(pytest.mark.xdist_group(parts[0] if parts[0] in SHARED else "/".join(parts)))
    items.sort(key=lambda item: item.path.relative_to(HERE).parts[0] not in SHARED)


def pytest_addoption(parser):
    parser.addoption(
        "--toil-cases", metavar="FILE", help="worked cases of the toil measure, instead of tests/cases/toil/toil-cases.json"
    )
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files, then look at the difference")
