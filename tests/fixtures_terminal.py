"""`tema` as a person runs it: its own process, in a workspace of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "src"
COMMAND = [sys.executable, "-c", "from temanashi.cli import main; main()"]
SETTINGS = """[tool.temanashi]
languages = ["ja", "en"]
timezone = "Asia/Tokyo"
gate.sign_in = false
"""


class Terminal:
    """A workspace in a folder, and the command line in it. JSON is YAML, so runbooks are written as JSON."""

    def __init__(self, root: Path, *, settings: str = SETTINGS) -> None:
        self.root = root
        (root / "pyproject.toml").write_text(settings, encoding="utf-8")
        (root / "runbooks").mkdir(exist_ok=True)

    def runbook(self, name: str, *, steps: list[dict[str, Any]], **more: Any) -> Path:
        data = {
            "id": name,
            "title": {"ja": f"見本 {name}", "en": f"Sample {name}"},
            "description": {"ja": "試験用です。", "en": "For tests."},
            "category": "routine",
            "owner": "ops",
            "steps": steps,
        }
        return self.write(f"runbooks/routine/{name}.yaml", json.dumps(data | more, ensure_ascii=False, indent=1))

    def hosts(self, *names: str) -> None:
        self.write("runbooks/site/hosts.yaml", json.dumps({"hosts": {name: {"transport": "local"} for name in names}}))

    def write(self, place: str, text: str) -> Path:
        file = self.root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PREFECT_"))}
        return kept | {"PYTHONPATH": str(SOURCE), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "USER": "alice"} | more

    def start(self, *words: str, env: dict[str, str] | None = None, **how: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.root,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **how,
        )

    def run(self, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, env=env)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def json(self, *words: str, env: dict[str, str] | None = None) -> Any:
        return json.loads(self.run(*words, "--json", env=env).stdout)
