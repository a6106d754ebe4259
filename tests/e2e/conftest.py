"""One `tema up` and one Chromium for the whole session: starting them is most of the time that these tests take."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from e2e.browsing import FLAGS, Form
from fixtures_up import Up, make_workspace, runbook_file, running

CHROMIUM = Path("/usr/bin/chromium")


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.server)


def slowly(file: Path, word: str, seconds: float) -> dict[str, object]:
    """A step that adds a line to a file, after some seconds. It can see whether it happened, and no two may be at work at once."""
    script = 'mkdir "$1.busy" || exit 9; sleep "$3"; echo "$2" >> "$1"; rmdir "$1.busy"'
    run = ["sh", "-c", script, "slowly", str(file), word, str(seconds)]
    return {
        "id": word,
        "title": {"ja": f"{word}", "en": word},
        "command": {"run": run, "observe": ["grep", "-qx", word, str(file)]},
    }


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter content and three runbooks more: a long one, one with three effects, and one that a test changes."""
    root = make_workspace(tmp_path_factory.mktemp("workspace"))
    (root / "effects").touch()
    long = ["sh", "-c", 'echo "$$" > "$1"; exec sleep 300', "long", str(root / "long.pid")]
    runbook_file(root, "long-work", [{"id": "wait", "command": {"run": long, "reads": True, "timeout": 600}}])
    runbook_file(root, "three-effects", [slowly(root / "effects", word, 3) for word in ("one", "two", "three")])
    names = {"yamada": "山田 花子", "sato": "佐藤 次郎"}
    people = {"people": {person: {"name": name} for person, name in names.items()}, "groups": {"leads": list(names)}}
    people["roles"] = {"approver": ["sato"]}
    (root / "runbooks" / "site" / "people.yaml").write_text(json.dumps(people), encoding="utf-8")
    say = [{"id": "say", "command": {"run": ["echo", "approved"]}}]
    runbook_file(root, "approved-work", say, approve="group:leads")
    runbook_file(root, "short-wait", say, approve={"by": "group:leads", "expires": {"hours": 0.005}})
    runbook_file(root, "change-me", [{"id": "say", "command": {"run": ["true"], "reads": True}}])
    return root


@pytest.fixture(scope="session")
def up(workspace: Path) -> Iterator[Up]:
    yield from running(workspace, now=("morning-checks",))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Playwright keeps an event loop running in this thread until it stops, so it must not outlast the tests that need it."""
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not there")
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Browser, up: Up) -> Iterator[Page]:
    """A window of a Japanese reader."""
    context = chromium.new_context(
        base_url=up.url, locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1200, "height": 900}
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def form(browser_page: Page) -> Form:
    return Form(browser_page)
