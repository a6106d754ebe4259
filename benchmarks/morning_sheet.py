"""The morning sheet of 200 hosts with 25 checks each, three mornings on record: the processor time it takes, and how large it is.

Half of one system is unreachable and some checks are wrong. Measured: reading the sheet for the first time and again, the page's
body, the self-contained file, and the Excel file.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

HOSTS, CHECKS, DAYS = 200, 25, ("2026-11-18", "2026-11-19", "2026-11-20")
ROUNDS = 5
LIMIT_FIRST_MS, LIMIT_AGAIN_MS, LIMIT_PAGE_KB = 600, 150, 50


def median_ms(work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken)


def filled(morning: Any) -> None:
    checks = [f"check{number:02}" for number in range(1, CHECKS + 1)]
    morning.book(checks=checks)
    morning.publish()
    for number in range(1, HOSTS, 23):
        morning.says[f"host{number:03}", "check03"] = "CRITICAL"
    for day in DAYS:
        morning.says[f"host{int(day[-2:]):03}", "check07"] = "WARNING"
        morning.down = {f"host{number:03}" for number in range(1, 21)} if day == DAYS[-1] else set()
        morning.run(f"{day} 07:30")
    morning.town.clock.set(f"{DAYS[-1]} 08:00")


def main() -> None:
    from fixtures_morning import morning_in
    from temanashi.reports.display import Display
    from temanashi.reports.morning_html import SheetFrame, Stamp, render_body, render_file
    from temanashi.reports.morning_xlsx import morning_xlsx
    from temanashi.runs.run_cache import KeptRuns
    from temanashi.workspace.morning import read_sheet

    systems = ("order", "books", "risk", "web", "batch")
    hosts = {f"host{n:03}": {"system": systems[n % 5], **({"jump": ["gate1"]} if n <= 20 else {})} for n in range(1, HOSTS + 1)}
    hosts["gate1"] = {"system": "gates"}
    with tempfile.TemporaryDirectory() as folder, morning_in(Path(folder), hosts=hosts) as morning:
        filled(morning)
        day = DAYS[-1]
        opened, published, kept = morning.town.opened, morning.town.published, KeptRuns()

        def read(cache: Any = None) -> Any:
            with opened.database.reading() as connection:
                return read_sheet(opened, connection, published, date.fromisoformat(day), cache=cache)

        first = median_ms(read)
        sheet = read(kept)
        again = median_ms(lambda: read(kept))
        show = Display("ja", morning.town.opened.settings.zone)
        frame = SheetFrame(made_at=morning.town.clock.now(), stamps=(Stamp("担当"), Stamp("確認者")))
        body, file = render_body(sheet, show, frame), render_file(sheet, show, frame)
        excel = morning_xlsx(sheet, show, frame)
        result = {
            "checks": sheet.total,
            "lines": len(sheet.lines),
            "first_cpu_ms": round(first),
            "again_cpu_ms": round(again),
            "body_cpu_ms": round(median_ms(lambda: render_body(sheet, show, frame))),
            "xlsx_cpu_ms": round(median_ms(lambda: morning_xlsx(sheet, show, frame))),
            "body_kb": round(len(body.encode()) / 1000, 1),
            "file_kb": round(len(file.encode()) / 1000, 1),
            "xlsx_kb": round(len(excel) / 1000, 1),
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        limits = {"first_cpu_ms": LIMIT_FIRST_MS, "again_cpu_ms": LIMIT_AGAIN_MS, "body_kb": LIMIT_PAGE_KB}
        sys.exit(0 if all(result[name] <= limit for name, limit in limits.items()) else 1)


if __name__ == "__main__":
    main()
