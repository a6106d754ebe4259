"""An access review of 1,000 accounts at each of three places: findings, opening, a page, the sheet and the pack.

    python benchmarks/reviews.py [--json]

The company is made up from a seed (tests/fixtures_population.py). Goals: findings 2 s, a page 100 ms on the server;
exit 1 where one is missed.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

GOALS = {"findings": 2.0, "page": 0.1}


def timed(job: Callable[[], object], *, times: int = 1) -> float:
    """Seconds of the processor, the middle one of several."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        job()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def measure(root: Path) -> dict[str, float]:
    """Seconds by name."""
    from fixtures_account_site import AccountSite
    from fixtures_population import TODAY, company
    from pages.conftest import Seen, Visitor
    from temanashi.accounts.directories_file import NO_DIRECTORIES
    from temanashi.accounts.reviews.findings import find
    from temanashi.hosts.inventory import Inventory
    from temanashi.people import Actor
    from temanashi.workspace.reading_accounts import Places
    from temanashi.workspace.reviewing.deciding import keep_plain_lines
    from temanashi.workspace.reviewing.opening import review_of
    from temanashi.workspace.reviewing.packing import pack_review
    from temanashi.workspace.reviewing.sheet import export_sheet

    hana = Actor(name="hana")
    made = company(1)
    site = AccountSite(root / "site")
    site.register(policy={})
    with site.opened() as installation:
        places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
        found = {"findings": timed(lambda: find(made.population, made.known, made.register, made.people, day=TODAY), times=3)}
        opened = []
        found["open"] = timed(lambda: opened.append(review_of(installation, places, made.population, actor=hana, channel="cli").id))
        [review] = opened
        reader = Visitor(None, installation, Seen())
        reader.get(f"/reviews/{review}")
        found["page"] = timed(lambda: reader.get(f"/reviews/{review}?finding=any&first=500"), times=9)
        found["search"] = timed(lambda: reader.get(f"/reviews/{review}?words=p0500"), times=9)
        found["keep all without findings"] = timed(lambda: keep_plain_lines(installation, review, actor=hana, channel="cli"))
        found["sheet"] = timed(lambda: export_sheet(installation, review, lang="ja", actor=hana, channel="cli"))
        found["pack"] = timed(lambda: pack_review(installation, review, root / "p.zip", actor=hana, channel="cli"))
    return found


def main() -> int:
    """Measure, tell, and say whether the goals are met."""
    with tempfile.TemporaryDirectory() as root:
        found = measure(Path(root))
    if "--json" in sys.argv:
        print(json.dumps(found))
    else:
        for name, seconds in found.items():
            goal = f"  (goal {GOALS[name]:g} s)" if name in GOALS else ""
            print(f"{name:28}{seconds:8.3f} s{goal}")
    return int(any(found[name] > goal for name, goal in GOALS.items()))


if __name__ == "__main__":
    sys.exit(main())
