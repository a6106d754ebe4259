"""How soon the command line answers: medians of five new processes, and the limits that we hold ourselves to."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 5
TEMA = "from temanashi.cli import main; main()"
MEASURED = (
    ("python -c pass", "pass", (), None),
    ("import temanashi", "import sys, temanashi; assert 'prefect' not in sys.modules", (), 0.3),
    ("tema --help", TEMA, ("--help",), 0.5),
    ("tema run morning-checks", TEMA, ("run", "morning-checks"), 3.0),
)


def seconds(code: str, words: tuple[str, ...], folder: Path) -> float:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PREFECT_"))}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - started
    if done.returncode not in {0, 1, 3}:  # 1 and 3: a check found something, or could not tell
        raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr}")
    return took


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        shutil.copytree(ROOT / "runbooks", folder / "runbooks")
        too_slow = 0
        print(f"{'median of ' + str(RUNS):<28}{'seconds':>8}{'limit':>8}")
        for title, code, words, limit in MEASURED:
            took = statistics.median(seconds(code, words, folder) for _ in range(RUNS))
            slow = limit is not None and took >= limit
            too_slow += slow
            print(f"{title:<28}{took:>8.3f}{limit or '-':>8}{'  TOO SLOW' if slow else ''}")
    return 1 if too_slow else 0


if __name__ == "__main__":
    sys.exit(main())
