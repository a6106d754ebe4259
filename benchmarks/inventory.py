"""Lists of thousands of hosts: how long they take to load, to choose from and to be taken over from Excel's CSV. CPU seconds."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEMA = "from temanashi.cli import main; main()"
SIZES = (0, 2_000, 5_000)


def cpu(words: tuple[str, ...], folder: Path) -> float:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PREFECT_"))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = kept | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", TEMA, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{words} ended with {done.returncode}: {done.stdout} {done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(count: int) -> str:
    lines = (f"web{n:05},10.0.{n >> 8}.{n & 255},ops,system{n % 50},tokyo,gate,web;rack{n % 40}" for n in range(count))
    return "\n".join(["host,ip,user,system,site,jump,tags", "gate,10.9.9.9,,,,,", *lines]) + "\n"


def main() -> int:
    print(f"{'hosts':>6}{'import':>10}{'again':>10}{'validate':>10}{'list':>10}")
    for count in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copy(ROOT / "pyproject.toml", folder)
            shutil.copytree(ROOT / "runbooks", folder / "runbooks")
            (folder / "hosts.csv").write_text(rows(count))
            took = [cpu(words, folder) for words in (("hosts", "import", "hosts.csv"), ("hosts", "import", "hosts.csv"))]
            took += [cpu(("validate",), folder), cpu(("hosts", "list", "system:system7" if count else "all"), folder)]
            print(f"{count:>6}" + "".join(f"{seconds:>10.2f}" for seconds in took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
