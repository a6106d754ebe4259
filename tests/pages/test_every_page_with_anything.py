"""Whatever is sent to any page or inbound address of ours, none answers with an error of the server.

Schemathesis makes the requests from a description of our routes, which is written here from the routes themselves and from the
names that their code reads.
"""

import json
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import anyio
import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from fixtures_prefect import make_place
from pages.conftest import Seen, Visitor
from temanashi.pages import Site, build_pages
from temanashi.pages.identity import SIGNED_IN
from temanashi.people import Actor
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.heartbeats import make_heartbeat
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import EVERY_RIGHT
from temanashi.workspace.approval_links import link_for
from temanashi.workspace.opening import open_installation
from temanashi.workspace.signatures import ensure_gate_key

EXAMPLES = 10
FORM = "application/x-www-form-urlencoded"
PAGES = Path(__file__).parents[2] / "src" / "temanashi" / "pages"
ODD = [
    "",
    "0",
    "-1",
    "9" * 30,
    "1e9",
    "2026-11-20",
    "2026-13-45",
    "2026H1",
    "ja",
    "%00",
    "\ud7ff",
    "../..",
    "' OR 1=1 --",
    "{{7*7}}",
]
BROWSER = {"sec-fetch-site": "same-origin", "origin": "http://testserver"}
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")


def names_read():
    """What the code reads of queries, and of forms."""
    source = "\n".join(file.read_text(encoding="utf-8") for file in sorted(PAGES.glob("*.py")))
    queries = set(re.findall(r'query_params(?:\.get\(|\[)"(\w+)"', source)) | set(re.findall(r'name="(\w+)"', AUDIT_FORM))
    forms = set(re.findall(r'typed(?:\.get\(|\[)"([\w.]+)"', source))
    return sorted(queries), sorted(forms)


AUDIT_FORM = (PAGES / "templates" / "audit.html.j2").read_text(encoding="utf-8")


def parameter(kind):
    if kind == "int":
        return {"type": "integer", "minimum": 0}
    if kind == "uuid":
        return {"type": "string", "format": "uuid"}
    return {"type": "string", "minLength": 1, "maxLength": 60, "pattern": r"^[^/?#\x00-\x1f]+$"}


def description(app):
    """Our routes as OpenAPI."""
    queries, forms = names_read()
    anything = {"type": "string", "maxLength": 200}
    asked = [{"name": name, "in": "query", "required": False, "schema": anything} for name in queries]
    form = {"type": "object", "properties": dict.fromkeys(forms, anything), "additionalProperties": anything, "maxProperties": 12}
    paths = {}
    for route in app.routes:
        own = [
            {"name": name, "in": "path", "required": True, "schema": parameter(kind)}
            for name, kind in PARAMETER.findall(route.path)
        ]
        path = paths.setdefault(PARAMETER.sub(r"{\1}", route.path), {})
        for method in (route.methods or set()) - {"HEAD"}:
            told = {"parameters": [*own, *asked], "responses": {"200": {"description": ""}}}
            if method == "POST":
                told["requestBody"] = {"content": {FORM: {"schema": form}}}
            path[method.lower()] = told
    return {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "servers": [{"url": "/tema"}], "paths": paths}


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """The pages with a run of every sort, as an administrator sees them."""
    root = tmp_path_factory.mktemp("anything")
    place = make_place(root, sign_in=True)
    echo = {"id": "go", "command": {"run": ["echo", "{{ params.word }}"]}}
    word = [{"name": "word", "type": "string", "title": {"ja": "言葉", "en": "Word"}, "default": "ok"}]
    place.runbook("quick-look", echo, parameters=word)
    place.runbook("to-approve", echo, parameters=word, approve="group:leads")
    place.runbook("by-hand", {"id": "hand", "manual": {"text": {"ja": "数えます。", "en": "Count."}, "minutes": 1}})
    place.runbook("full-disk", {"id": "disk", "checks": [{"id": "root", "kind": "disk", "path": "/", "crit": "0"}]})
    (root / "runbooks" / "site").mkdir(parents=True)
    people = {"people": {"admin": {"name": "管理 者"}, "sato": {"name": "佐藤 次郎"}}, "groups": {"leads": ["admin"]}}
    (root / "runbooks" / "site" / "people.yaml").write_text(json.dumps(people), encoding="utf-8")
    place.publish()
    with open_installation(root) as opened:
        ensure_gate_key(opened.settings)
        visitor = Visitor(place, opened, Seen())
        visitor.seen.last_seen = opened.clock.now() + timedelta(hours=1)  # a worker is there for as long as this lasts
        sato = Actor(name="佐藤 次郎", assurance="verified", account="sato")
        names = ["quick-look", "to-approve", "by-hand", "full-disk"]
        runs = [visitor.run(name, actor=sato, channel="page") for name in names]
        me = SignedIn(
            user="admin",
            actor=Actor(name="管理 者", assurance="verified", account="admin"),
            roles=frozenset({"admin"}),
            rights=frozenset(EVERY_RIGHT),
        )
        pages = build_pages(Site(installation=opened, links=visitor.links))

        async def recognised(scope, receive, send):
            await pages({**scope, SIGNED_IN: me}, receive, send)

        with opened.database.reading() as connection:
            view = approval_of(opened.engine(), connection, runs[1])
        known = {
            "run": [runs[1], *runs],
            "runbook": names,
            "day": ["2026-11-20", "2026-11-21"],
            "token": [make_heartbeat(opened.engine(), "night", actor=sato)],
            "event": ["start", "fail", "0", "1"],
            "link": [link_for(opened.settings, view, "admin", verdict) for verdict in ("approved", "refused")],
            "digest": [view.digest],
            "verb": ["approve", "refuse", "done"],
            "action": ["check", "run", "edit", "refresh"],
            "seq": [1, 2, 3, 10, 2**31, 2**63, 10**30],
            "number": [0, 1, 2**63],
            "p.word": ["ok", "a" * 5000],
            "period": ["2026H1", "2026-11", "2026-13"],
            "size": ["1", "0", "-1", "1e9", "5"],
        }
        told = description(pages)
        app = Starlette(routes=[Route("/openapi.json", lambda _: JSONResponse(told)), Mount("/tema", app=recognised)])
        yield schemathesis.openapi.from_asgi("/openapi.json", app), known


def likely(draw, case, known):
    """Some of what was drawn gives way to what exists: a page that finds nothing has little to fail at."""
    _, forms = names_read()
    for name in case.path_parameters or {}:
        if name in known and draw(st.integers(0, 3)):
            case.path_parameters[name] = quote(str(draw(st.sampled_from(known[name]))), safe="")
    for name in case.query or {}:
        if draw(st.booleans()):
            case.query[name] = draw(st.sampled_from([*known.get(name, ()), *ODD]))
    if case.media_type == FORM and isinstance(case.body, dict):
        for name in (*forms, "digest", "verb", "action", "p.word"):
            fits = name in known and draw(st.integers(0, 3))
            if fits or draw(st.booleans()):
                case.body[name] = str(draw(st.sampled_from(known[name] if fits else ODD)))
    return case


GENTLY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def ask(operation, known):
    """The statuses that one operation answered with."""
    found = set()

    @GENTLY
    @given(operation.as_strategy(), st.data())
    def none_fails(drawn, data):
        case = likely(data.draw, drawn, known)
        answer = case.call(headers=BROWSER, allow_redirects=False)
        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text[:500]}"
        found.add(answer.status_code)

    none_fails()
    return found


def test_no_page_fails_whatever_is_sent(schema):
    described, known = schema
    reached = {}
    # What cancels runs comes last: nothing would wait any more.
    operations = sorted(
        (found.ok() for found in described.get_all_operations()), key=lambda one: (one.method, "cancel" in one.path)
    )
    for operation in operations:
        reached[operation.label] = ask(operation, known)
    # It got somewhere: pages that exist were shown.
    shown = ("GET /runs/{run}", "GET /runbooks/{runbook}/run", "GET /audit", "GET /decide/{link}", "GET /audit/records/{seq}")
    assert all(200 in reached[label] for label in shown), reached
    assert 200 in reached["POST /ping/{token}"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"\xff\xfe=\x00&&&==&%zz=%&a"),
        (FORM, b"a=" + b"x" * 70_000),
        ("application/json", b'{"verb": "approve"}'),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("", b""),
    ],
    ids=["not UTF-8", "too long", "JSON", "multipart", "nothing"],
)
def test_no_form_fails_for_a_body_that_is_none(schema, kind, body):
    described, known = schema
    posts = [
        label.removeprefix("POST ") for found in described.get_all_operations() if (label := found.ok().label).startswith("POST")
    ]

    async def send_all():
        transport = httpx.ASGITransport(app=described.app)
        headers = BROWSER | {"content-type": kind}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver/tema") as client:
            for post in posts:
                path = PARAMETER.sub(lambda named: str(known.get(named[1], ["1"])[0]), post)
                answer = await client.post(path, content=body, headers=headers)
                assert answer.status_code < 500, (path, answer.text[:300])

    anyio.run(send_all)
