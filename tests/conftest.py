"""Options of the whole suite, and how its files are spread over processes."""

import signal
from pathlib import Path

HERE = Path(__file__).parent
SHARED = ("e2e", "orchestration")  # folders whose files share one server: one process runs them all, and begins with them


def _scope(file):
    """What one process runs: a file, or all files of a folder of SHARED. `file`: its path from the project, with slashes."""
    folder = file.split("/")[1]
    return folder if folder in SHARED else file


def pytest_configure():
    """Ctrl-C does what it does at a terminal, also where the suite runs in the background and a shell has had it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The long ones come first."""
    items.sort(key=lambda item: item.path.relative_to(HERE).parts[0] not in SHARED)


def pytest_xdist_make_scheduler(config, log):
    """Files go to processes as a whole. (`--dist loadgroup` of pytest-xdist 3.8 has no effect under pytest 9.2.)"""
    from xdist.scheduler import LoadScopeScheduling

    class ByScope(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _scope(nodeid.partition("::")[0])

    return ByScope(config, log)


def pytest_addoption(parser):
    parser.addoption(
        "--toil-cases", metavar="FILE", help="worked cases of the toil measure, instead of tests/cases/toil/toil-cases.json"
    )
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files, then look at the difference")
