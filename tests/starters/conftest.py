"""The starter runbooks as they are shipped, run for real in a private place; nothing of this machine is touched."""

import os
import signal
import subprocess
import textwrap
from contextlib import suppress

import pytest

from fixtures_runs import ALICE, asking, make_engine
from temanashi.calendars import BusinessCalendar
from temanashi.hosts.inventory import Inventory
from temanashi.people import People
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runs.advancing import advance
from temanashi.runs.directory import Directory
from temanashi.runs.requests import request_run
from temanashi.settings import Settings
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.yaml_source import read_yaml


@pytest.fixture(scope="session")
def starters():
    texts = {file: text for file, text in starter_texts().items() if file.startswith("runbooks/") and "/site/" not in file}
    found = [parse_runbook(read_yaml(text).data, kinds=step_kinds()) for text in texts.values()]
    return {runbook.id: runbook for runbook in found}


@pytest.fixture
def engine(tmp_path):
    (tmp_path / "state").mkdir()
    people = People.model_validate(read_yaml(starter_texts()["runbooks/site/people.yaml"]).data)
    directory = Directory(people=people, calendar=BusinessCalendar())
    made = make_engine(tmp_path / "state", directory=lambda _: directory, here=Settings(root=tmp_path).here)
    yield made
    made.database.close()


@pytest.fixture
def run(engine, starters):
    """Ask for a starter runbook and advance it as far as it goes."""

    def carried_out(name, *, actor=ALICE, **inputs):
        request = asking(starters[name], inputs=inputs, inventory=Inventory(), actor=actor)
        return advance(engine, request_run(engine, request))

    return carried_out


SERVICE = """\
#!/bin/sh
# A small service: it sleeps, unless its configuration says that it cannot.
here=$(dirname "$0")
pid=$here/pid
# Where nobody collects the dead, one that has ended is still there as a zombie.
alive() { [ -s "$pid" ] && case $(cut -d" " -f3 "/proc/$(cat "$pid")/stat" 2>/dev/null) in ""|Z) false ;; esac; }
case $1 in
  start)
    alive && exit 0
    echo start >> "$here/log"
    grep -q broken "$here/service.conf" && { echo "cannot read service.conf" >&2; exit 1; }
    if grep -q short "$here/service.conf"; then sleep 1 & else sleep 600 & fi
    echo $! > "$pid" ;;
  stop) echo stop >> "$here/log"; alive && kill "$(cat "$pid")"; rm -f "$pid" ;;
  status) alive && echo "running" || { echo "stopped"; exit 3; } ;;
esac
"""


class Service:
    """A service of the test's own, with a control script that knows start, stop and status."""

    def __init__(self, folder):
        self.folder, self.script, self.config = folder, folder / "servicectl", folder / "service.conf"
        self.script.write_text(textwrap.dedent(SERVICE))
        self.script.chmod(0o755)
        self.config.write_text("good 1\n")

    @property
    def pid(self):
        file = self.folder / "pid"
        return int(file.read_text()) if file.exists() else 0

    @property
    def running(self):
        return subprocess.run([self.script, "status"], check=False, stdout=subprocess.DEVNULL).returncode == 0

    @property
    def log(self):
        return (self.folder / "log").read_text().split()


@pytest.fixture
def service(tmp_path):
    folder = tmp_path / "service"
    folder.mkdir()
    made = Service(folder)
    yield made
    if made.running:
        with suppress(ProcessLookupError):
            os.kill(made.pid, signal.SIGKILL)
