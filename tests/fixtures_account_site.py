"""A published workspace with the throw-away Linux host, a host that is away, people, and a register of accounts."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

from fixtures_approvals import SetClock
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import publish

PEOPLE = {
    "people": {
        "hana": {"name": "管理 花子"},
        "taro": {"name": "運用 太郎", "os": ["taro"]},
        "gone": {"name": "退職 次郎", "left": "2026-03-31"},
    },
    "groups": {"ops": ["hana"]},
    "roles": {"approver": "hana"},
}


class AccountSite:
    """Files in `root`; `opened()` publishes them first when they changed."""

    def __init__(
        self, root: Path, linuxhost=None, *, dead: bool = False, clock: SetClock | None = None, sign_in: bool = False
    ) -> None:
        signs = str(sign_in).lower()
        self.root, self.clock = root, clock
        root.mkdir(parents=True, exist_ok=True)
        ssh = ""
        hosts = {}
        if linuxhost is not None:
            files = f'known_hosts = ["{linuxhost.known_hosts}"]\nidentity_files = ["{linuxhost.key}"]\n'
            ssh = f'[tool.temanashi.ssh]\nconfig = ""\nagent = false\nconnect_timeout = 5\n{files}'
            hosts["linux1"] = {"address": linuxhost.address, "port": linuxhost.port, "user": "root"}
        if dead:
            hosts["dead1"] = {"address": "127.0.9.251", "port": 1, "user": "root"}
        project = '[project]\nname = "site"\nversion = "1"\n[tool.temanashi]\nlanguages = ["ja", "en"]\n'
        self.write("pyproject.toml", f"{project}[tool.temanashi.gate]\nsign_in = {signs}\n{ssh}")
        self.write("runbooks/site/hosts.yaml", json.dumps({"hosts": hosts, "groups": {"linux": sorted(hosts)}}))
        self.write("runbooks/site/people.yaml", json.dumps(PEOPLE))
        self.register()

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def shipped(self, name: str, **more) -> None:
        """A shipped runbook of accounts, with other fields; one person may publish it."""
        from temanashi.workspace.yaml_source import read_yaml

        data = read_yaml(starter_texts()[f"runbooks/account/{name}.yaml"]).data
        self.write(f"runbooks/account/{name}.yaml", json.dumps({**data, "privileged": False, **more}))

    def register(self, **more) -> None:
        self.write("runbooks/site/accounts.yaml", json.dumps({"policy": {"hosts": "group:linux"}, **more}))

    @contextmanager
    def opened(self):
        with open_installation(self.root, clock=self.clock) as installation:
            self.publish(installation)
            yield installation

    def publish(self, installation) -> None:
        content = load_workspace(self.root, kinds=step_kinds())
        assert content.faults == [], content.faults
        done = publish(installation.database, installation.ledger, content, actor=Actor(name="hana"), clock=installation.clock)
        assert done.status in {"live", "unchanged"}, done.status
