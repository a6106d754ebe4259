"""Every page of staff and admins in Chromium: axe-core finds no serious fault, in both languages, light and dark."""

import json
import os
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount

from e2e.browsing import FLAGS
from fixtures_up import free_port
from temanashi.people import Actor, People
from temanashi.signin.roles import ask_role
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of

CHROMIUM = Path("/usr/bin/chromium")
PEOPLE = {
    "people": {"anna": {"name": "山田 花子"}, "bert": {"name": "佐藤 次郎", "phone": "03-1234-5678"}},
    "groups": {"leads": ["anna", "bert"]},
}


@pytest.fixture
def office(empty):
    site = empty.place.root / "runbooks" / "site"
    site.mkdir(parents=True)
    (site / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    steps = [{"id": f"s{n}", "command": {"run": ["echo", f"word{n}"]}} for n in range(10)]
    branches = [f"b{n:02}" for n in range(30)]
    branch = {"name": "branch", "title": {"ja": "支店", "en": "Branch"}, "type": "choice", "choices": branches}
    empty.place.runbook("four-eyes", *steps, approve="group:leads", parameters=[branch | {"default": "b01"}])
    empty.place.publish()
    with empty.opened.database.transaction() as connection:
        book, setup = book_of(empty.opened), Actor(name="setup")
        for user in ("anna", "bert"):
            more = {"people": People(), "actor": setup, "channel": "cli", "roles": ("admin",)}
            add_user(book, connection, user, password="four short words here", **more)
        ask_role(book, connection, "bert", "approver", "give", actor=setup, people=People(), channel="cli")
    mine = empty.run("four-eyes", actor=Actor(name="山田 花子"), channel="page")
    theirs = empty.run("four-eyes", actor=Actor(name="佐藤 次郎"), channel="page", reason="月次の作業")
    empty.sign_in("anna", "admin")
    empty.runs = (mine, theirs)
    return empty


@pytest.fixture
def address(office):
    app = Starlette(routes=[Mount("/tema", app=office.http.app)])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=free_port(), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.config.port}/tema"
    server.should_exit = True
    thread.join(10)


def paths(office):
    mine, theirs = office.runs
    yield from (
        "/",
        "/runbooks",
        "/runbooks/four-eyes",
        "/runbooks/four-eyes/run",
        "/requests",
        "/approvals",
        "/users",
        "/users/bert",
        "/me",
    )
    yield from (
        f"/runs/{mine}",
        f"/runs/{theirs}",
        f"/runbooks/four-eyes/run?again={mine}",
        "/nowhere",
        "/password",
        "/report",
        "/audit",
    )


def faults(page):
    found = Axe().run(page).response["violations"]
    return [(v["id"], v["impact"], v["nodes"][0]["html"][:160]) for v in found if v["impact"] in {"serious", "critical"}]


def test_axe_finds_no_serious_fault_on_any_page(office, address):
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not there")
    told, pictures = {}, os.environ.get("TEMA_PICTURES")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for number, (lang, scheme, width) in enumerate(
            (("ja", "light", 1000), ("en", "dark", 1000), ("ja", "dark", 380), ("en", "light", 380))
        ):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
            page = context.new_page()
            for path in paths(office):
                page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={lang}")
                if wrong := faults(page):
                    told[f"{path} {lang} {scheme}"] = wrong
                wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                if wide:
                    told[f"{path} {lang} {width}"] = "wider than the screen"
                if pictures:
                    name = f"{number}-{lang}-{width}{path.partition('?')[0].replace('/', '_')[:40]}.png"
                    page.screenshot(path=Path(pictures) / name, full_page=True)
            context.close()
        browser.close()
    assert told == {}
