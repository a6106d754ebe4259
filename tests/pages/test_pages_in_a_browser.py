"""Every page of ours in Chromium: axe-core finds no serious fault, nothing is wider than the screen, in both languages.

Each is read light and wide, then dark and narrow. TEMA_PICTURES names a folder for pictures of all of them.
"""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from starlette.routing import Route

from e2e.browsing import FLAGS
from fixtures_population import company
from fixtures_served import served_pages
from temanashi.accounts.directories_file import NO_DIRECTORIES
from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.drift import Drift, Moved
from temanashi.accounts.reviews.population import NotRead, Population
from temanashi.hosts.inventory import Inventory
from temanashi.ledger.records import Draft
from temanashi.people import Actor, People
from temanashi.runs.reading import run_view
from temanashi.signin.roles import ask_role
from temanashi.signin.users import add_user
from temanashi.text.local import phrase
from temanashi.workspace.afterwards import after_run
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.reading_accounts import Places
from temanashi.workspace.reviewing.deciding import Wanted, decide_many
from temanashi.workspace.reviewing.opening import review_of
from temanashi.workspace.reviewing.reading import pick_lines

CHROMIUM = Path("/usr/bin/chromium")
PEOPLE = {
    "people": {"anna": {"name": "山田 花子"}, "bert": {"name": "佐藤 次郎", "phone": "03-1234-5678"}},
    "groups": {"leads": ["anna", "bert"]},
}
HOSTS = {"hosts": {"web1": {"address": "10.0.0.1", "user": "ops", "port": 2222, "system": "受注", "tags": ["web"]}}}
TEXT = {"ja": "金庫を数えてください。", "en": "Count the safe."}
VALUE = {"title": {"ja": "残高", "en": "Balance"}, "type": "number", "unit": "円", "minimum": 0, "maximum": 5_000_000}
CHOICES = [{"value": "ok", "title": {"ja": "正常", "en": "fine"}}, {"value": "bad", "title": {"ja": "異常", "en": "bad"}}]
AIR = {"title": {"ja": "空調", "en": "Air"}, "type": "choice", "choices": CHOICES, "required": False}
LINES = (
    {"id": "cash", "title": {"ja": "現金", "en": "Cash"}, "manual": {"text": TEXT, "minutes": 10, "value": VALUE, "confirm": True}},
    {"id": "room", "manual": {"text": TEXT, "value": AIR, "not_applicable": True}},
    {"id": "seal", "manual": {"text": TEXT, "minutes": 2, "confirm": "group:leads"}},
)
NO_PAGES = frozenset(
    {
        "/style.css",
        "/faq.js",
        "/faq/suggest",
        "/checks.css",
        "/checklist.js",
        "/schedule.xlsx",
        "/census.xlsx",
        "/metrics",
        "/healthz",
        "/sign-in/oidc/back",
    }
)
ROLES = ("admin", "operator", "approver", "auditor")
AREAS = "|".join(sorted(file.stem for file in (Path(__file__).parents[2] / "src/temanashi/text/en").glob("*.po")))
UNTOLD = rf"(?<![\w./-])(?:{AREAS})\.[a-z]+(?:-[a-z]+)+"
"""How a text looks that is in no catalogue: its key is shown."""

OVERFLOWS = """() => {
  const words = 'h1, h2, h3, p, li, label, button, a, dt, dd, th, td, legend, summary'
  const clipped = e => e.offsetParent && getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1
  return [...document.querySelectorAll(words)].filter(clipped).map(e => e.outerHTML.slice(0, 160))
}"""


def workplace(place):
    """A runbook of each kind that looks different."""
    site = place.root / "runbooks" / "site"
    site.mkdir(parents=True)
    (site / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    (site / "hosts.yaml").write_text(json.dumps(HOSTS), encoding="utf-8")
    steps = [{"id": f"s{n}", "command": {"run": ["echo", f"word{n}"]}} for n in range(10)]
    branches = [f"b{n:02}" for n in range(30)]
    branch = {"name": "branch", "title": {"ja": "支店", "en": "Branch"}, "type": "choice", "choices": branches}
    place.runbook("four-eyes", *steps, approve="group:leads", parameters=[branch | {"default": "b01"}])
    place.runbook("month-end", *LINES)
    request = {"demand": "request", "minutes": 10}
    place.runbook("reset", {"id": "go", "manual": {"text": TEXT, "minutes": 1}}, toil=request)
    place.runbook("morning", {"id": "go", "command": ["true"]}, schedules=[{"at": "07:30", "days": "business_day"}])
    place.publish()


def book_users(office):
    with office.opened.database.transaction() as connection:
        book, setup = book_of(office.opened), Actor(name="setup")
        for user in ("anna", "bert"):
            more = {"people": People(), "actor": setup, "channel": "cli", "roles": ("admin",)}
            add_user(book, connection, user, password="four short words here", **more)
        ask_role(book, connection, "bert", "approver", "give", actor=setup, people=People(), channel="cli")


def a_review(opened, actor):
    """Some accounts of each sort, a few of them decided, and a place that could not be read."""
    made = company(8)
    targets = [one.model_copy(update={"entries": one.entries[:25]}) for one in made.population.targets]
    away = NotRead(where="web9", kind="linux", reason=phrase("reviews.place-gone", where="web9"))
    population = Population(targets=targets, not_read=(away,))
    places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
    review = review_of(opened, places, population, actor=actor, channel="page", title="2026年度下期の棚卸し")
    with opened.database.transaction() as connection:
        lines = [one.line for one in pick_lines(connection, review.id, finding="privileged", limit=2).lines]
        wanted = [
            Wanted(lines[0].id, Asked(verdict="exception", reason="移行が終わるまで", until=date(2035, 3, 31))),
            Wanted(lines[1].id, Asked(verdict="revoke")),
        ]
        decide_many(opened, connection, review.id, wanted, actor=actor, channel="page")
        drift = Drift(where="web1", login="sato", change="changed", fields=(Moved(field="groups", before=[], after=["sudo"]),))
        body = {"where": "web1", "changes": [drift.model_dump(mode="json")]}
        opened.ledger.append(connection, Draft(kind="account_drift", actor="temanashi", actor_kind="system", body=body))


@pytest.fixture
def office(empty):
    workplace(empty.place)
    book_users(empty)
    anna, bert = Actor(name="山田 花子", assurance="verified"), Actor(name="佐藤 次郎", assurance="verified")
    empty.runs = {
        "mine": empty.run("four-eyes", actor=anna, channel="page"),
        "theirs": empty.run("four-eyes", actor=bert, channel="page", reason="月次の作業"),
        "checklist": empty.run("month-end", actor=bert, channel="page"),
        "checks": empty.run("full-disk", actor=anna, channel="page"),
        "done": empty.run("morning", actor=anna, channel="schedule"),
    }
    with empty.opened.database.reading() as connection:
        view = run_view(connection, empty.runs["checks"])
    after_run(empty.opened, view)
    a_review(empty.opened, anna)
    empty.sign_in("anna", *ROLES)
    begin = {"step": "cash", "verb": "begin"}
    headers = {"origin": "http://testserver"}
    assert empty.http.post(f"/runs/{empty.runs['checklist']}/checklist", data=begin, headers=headers).status_code == 303
    return empty


@pytest.fixture
def address(office):
    with served_pages(office.http.app) as where:
        yield where


def paths(office):
    """Every address without a variable part that answers with a page, and an example of the others."""
    routes = [route for route in office.pages.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    yield from (path for path in dict.fromkeys(route.path for route in routes) if "{" not in path and path not in NO_PAGES)
    runs = office.runs
    yield from (f"/runs/{run}" for run in runs.values())
    yield from (
        "/runbooks/four-eyes",
        "/runbooks/morning",
        "/runbooks/four-eyes/run",
        "/users/bert",
        "/nowhere",
        "/requests?open=1",
    )
    yield from (f"/runbooks/four-eyes/run?again={runs['mine']}", f"/audit/runs/{runs['done']}", f"/audit/runs/{runs['mine']}")
    yield from ("/reviews/last", "/reviews/last?finding=any&decided=yes")
    yield from ("/month?month=2020-02", "/report/records?figure=credited", "/report/records?figure=reduction")
    yield from ("/audit/records/1", "/audit?person=山田", "/schedule?from=2027-04", "/audit?from=soon")


def faults(page):
    """What axe-core calls serious, and what does not fit."""
    found = Axe().run(page).response["violations"]
    told = [(v["id"], v["impact"], v["nodes"][0]["html"][:160]) for v in found if v["impact"] in {"serious", "critical"}]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        told.append("wider than the screen")
    told += [("no text", key) for key in re.findall(UNTOLD, page.inner_text("body"))]
    return told + [("clipped", html) for html in page.evaluate(OVERFLOWS)]


class Reader:
    """Reads pages as they are, wide and light, then narrow and dark."""

    def __init__(self, browser, address, lang):
        self.page = browser.new_context(locale="ja-JP" if lang == "ja" else "en-US").new_page()
        self.address, self.lang, self.told = address, lang, {}

    def visit(self, path):
        answer = self.page.goto(f"{self.address}{path}{'&' if '?' in path else '?'}lang={self.lang}")
        assert answer.headers["content-type"].startswith("text/html"), path
        self.look(path)

    def look(self, name):
        for scheme, width in (("light", 1000), ("dark", 380)):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            if wrong := faults(self.page):
                self.told[f"{name} {self.lang} {scheme} {width}"] = wrong
            if pictures := os.environ.get("TEMA_PICTURES"):
                file = f"{self.lang}-{width}{name.replace('/', '_').replace('?', '_')[:48]}.png"
                self.page.screenshot(path=Path(pictures) / file, full_page=True)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_axe_finds_no_serious_fault_on_any_page(office, address, lang):
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not there")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        reader = Reader(browser, address, lang)
        for path in paths(office):
            if path not in {"/sign-in", "/sign-in/oidc"}:  # who is there already is sent on
                reader.visit(path)
        reader.visit("/runbooks/four-eyes/run")
        reader.page.locator("main form button").last.click()
        assert reader.page.get_by_text("word9").count()
        reader.look("/a-plan")
        office.http.me = None
        reader.visit("/sign-in")
        reader.page.locator("main form button").click()
        reader.look("/sign-in-failed")
        told = reader.told
        browser.close()
    assert told == {}
