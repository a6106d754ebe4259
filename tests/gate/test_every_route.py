"""Every route of the installed Prefect server has a decision, and the running gate keeps to it, whoever asks."""

import json
import re
import subprocess
import sys
from uuid import uuid4

import pytest

from fixtures_prefect import SOURCE
from gate.guarded import NOBODY, USERS
from temanashi.gate.page_table import PAGES
from temanashi.gate.rules import ALL, Rule
from temanashi.gate.table import RULES, rule_for
from temanashi.signin.rights import rights_of

pytestmark = pytest.mark.server

LIST_ROUTES = """
import json, re
from prefect.server.api.server import create_app
found = []
def walk(routes, prefix=""):
    for route in routes:
        if type(route).__name__ == "_IncludedRouter":
            for one in route.effective_route_contexts():
                made = one.starlette_route or one.original_route
                methods = one.methods or getattr(made, "methods", None) or ["WS"]
                found.extend((method, prefix + (getattr(one, "path", None) or made.path)) for method in methods)
            continue
        inner = getattr(getattr(route, "app", None), "routes", None)
        path = prefix + getattr(route, "path", "")
        if inner:
            walk(inner, path)
        elif type(route).__name__ != "Mount":
            found.extend((method, path) for method in getattr(route, "methods", None) or ["WS"])
walk(create_app(final=True).routes)
print(json.dumps(sorted({(m, re.sub(r"{[^}]*}", "{}", p)) for m, p in found})))
"""


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    """Method and path of every route and websocket, placeholders as `{}`."""
    home = tmp_path_factory.mktemp("census")
    env = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", LIST_ROUTES], env=env, capture_output=True, text=True, check=True, timeout=120)
    return [tuple(pair) for pair in json.loads(done.stdout)]


def test_the_census_finds_what_there_is(routes):
    assert len(routes) > 190
    assert len([path for method, path in routes if method == "WS"]) == 5
    assert ("POST", "/api/deployments/{}/create_flow_run") in routes


def test_every_route_of_prefect_has_a_decision(routes):
    decided = {(rule.method, rule.path) for rule in RULES}
    wanted = {(method, path.removeprefix("/api")) for method, path in routes if path.startswith("/api/") and method != "HEAD"}
    assert wanted - decided == set()


def test_no_decision_is_about_a_route_that_is_not_there(routes):
    there = {(method, path.removeprefix("/api")) for method, path in routes if path.startswith("/api/")}
    assert {(rule.method, rule.path) for rule in RULES} - there == set()


def test_nothing_is_decided_twice():
    for rules in (RULES, PAGES):
        keys = [(rule.method, rule.path) for rule in rules]
        assert len(keys) == len(set(keys))


def test_every_page_of_ours_has_a_decision(house):
    from temanashi.pages import build_pages
    from temanashi.pages.site import Site

    app = build_pages(Site(installation=house.opened, links=None))
    there = {(m, re.sub(r"{[^}]*}", "{}", route.path)) for route in app.routes for m in route.methods if m != "HEAD"}
    assert there == {(rule.method, rule.path) for rule in PAGES}


def address(rule: Rule) -> str:
    """Somewhere that nothing is."""
    return "/api" + "".join(str(uuid4()) if part == "{}" else part for part in _split(rule.path))


def _split(path: str) -> list[str]:
    return re.split(r"({})", path)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.method != "WS"], ids=lambda rule: f"{rule.method} {rule.path}")
def test_each_route_is_as_its_decision_says_for_every_role_and_for_nobody(house, rule):
    for user in (NOBODY, *USERS):
        answer = house.client(user).request(
            rule.method, address(rule), json={} if rule.method in {"POST", "PUT", "PATCH"} else None
        )
        rights = rights_of(USERS[user]) if user != NOBODY else frozenset()
        told = (user, answer.status_code, answer.text[:200])
        if rule.public:
            assert answer.status_code == 200, told
        elif user == NOBODY:
            assert answer.status_code == 401, told
        elif rule.rights >= ALL or rights & rule.rights or rights & rule.narrowed:
            assert answer.status_code not in {401, 403, 500}, told
        else:
            assert answer.status_code == 403, told


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/secrets", "/api/flow_runs", "/api/flows/filter/", "/api/v3/flows/", "/elsewhere", "/tema/secret"]
)
def test_what_no_table_names_is_refused_even_to_an_admin(house, method, path):
    answer = house.client("admin").request(method, path)
    if path == "/elsewhere" and method in {"GET", "HEAD"}:
        assert answer.status_code == 404  # Prefect's interface has no such file
    else:
        assert answer.status_code in {403, 405}, answer.status_code


def test_a_placeholder_is_one_part_of_an_address():
    assert rule_for("GET", "/flows/x/y/z") is None
    assert rule_for("GET", "flows") is None
    assert rule_for("POST", "/flows/filter").treatment == "named"
