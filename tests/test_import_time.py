"""What a quick command must not import. The figures themselves: `benchmarks/startup.py`."""

import json
import subprocess
import sys

import pytest

from fixtures_terminal import Terminal

SLOW = {"prefect", "httpx", "paramiko", "alembic", "fastapi", "uvicorn", "apprise"}


def imported_by(terminal, code):
    """The slow modules that a new process has imported when the code has run."""
    tail = f"import json, sys; print(json.dumps(sorted(set(sys.modules) & {SLOW!r})), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tail}"],
        cwd=terminal.root,
        env=terminal.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    made = Terminal(tmp_path_factory.mktemp("workspace"))
    made.runbook("good", steps=[{"command": ["true"]}, {"checks": [{"id": "disk", "kind": "disk"}]}])
    return made


def called(*words):
    ending = "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    return f"import sys; sys.argv = {['tema', *words]!r}\nfrom temanashi.cli import main\n{ending}"


def test_the_package_itself_is_almost_nothing(terminal):
    assert imported_by(terminal, "import temanashi; import sys; assert 'pydantic' not in sys.modules") == set()


def test_building_the_command_line_imports_nothing_slow_and_no_database(terminal):
    code = "import sys, temanashi.cli.app; temanashi.cli.app.build(); assert 'sqlalchemy' not in sys.modules"
    assert imported_by(terminal, code) == set()


def test_even_the_first_run_imports_neither_prefect_nor_ssh_nor_a_web_client(terminal):
    assert imported_by(terminal, called("run", "good")) <= {"alembic"}  # it makes the database


@pytest.mark.parametrize("words", [["run", "good", "--json"], ["runs"], ["audit", "verify"]])
def test_with_a_database_nothing_slow_is_imported(terminal, words):
    terminal.run("run", "good")
    assert imported_by(terminal, called(*words)) == set()
