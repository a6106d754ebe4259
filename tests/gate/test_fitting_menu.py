"""What is hidden in Prefect's menu, in the one page that its interface is, and nothing else touched."""

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from temanashi.gate.menu import FittingMenu, hidden_entries, style_for
from temanashi.pages.identity import SIGNED_IN
from temanashi.people import Actor
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import rights_of

PAGE = "<!doctype html><html><head><title>日本語</title></head><body>" + "x" * 2000 + "</head></body></html>"


def somebody(*roles):
    return SignedIn(user="u", actor=Actor(name="u"), roles=frozenset(roles), rights=rights_of(roles))


def page(request: Request) -> Response:
    if "if-none-match" in request.headers or "range" in request.headers:
        return Response(status_code=304)
    return HTMLResponse(PAGE, headers={"etag": "x", "last-modified": "y", "cache-control": "max-age=99"})


async def parts(_: Request) -> Response:
    return StreamingResponse((PAGE[i : i + 100] for i in range(0, len(PAGE), 100)), media_type="text/html; charset=utf-8")


def asked(path, me, **headers):
    prefect = Starlette(
        routes=[
            Route("/v2/runs", page),
            Route("/v2/parts", parts),
            Route("/v2/script.js", lambda _: Response("</head>", media_type="text/javascript", headers={"etag": "x"})),
            Route("/v2/gone", lambda _: JSONResponse({"head": "</head>"}, status_code=404)),
            Route("/api/docs", page),
            Route("/v2/bare", lambda _: HTMLResponse("<p>nothing")),
        ],
        middleware=[Middleware(GZipMiddleware)],
    )
    app = FittingMenu(prefect)

    async def recognised(scope, receive, send):
        await app({**scope, **({SIGNED_IN: me} if me is not None else {})}, receive, send)

    async def call():
        given = {"accept": "text/html,*/*", "accept-encoding": "gzip", **headers}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=recognised), base_url="http://t") as client:
            return await client.get(path, headers=given)

    return anyio.run(call)


@pytest.mark.parametrize(
    ("roles", "hidden"),
    [
        (("staff",), ("work-pools", "automations", "events", "concurrency-limits", "blocks", "variables", "settings")),
        ((), ("work-pools", "automations", "events", "concurrency-limits", "blocks", "variables", "settings")),
        (("staff", "operator"), ("blocks", "variables", "settings")),
        (("auditor",), ("blocks", "variables", "settings")),
        (("admin",), ()),
    ],
)
def test_what_a_role_does_not_open_is_hidden(roles, hidden):
    assert hidden_entries(somebody(*roles)) == hidden
    assert (style_for(somebody(*roles)) == "") is (not hidden)


@pytest.mark.parametrize("path", ["/v2/runs", "/v2/parts"])
def test_the_page_gets_one_style_sheet_and_is_kept_by_nobody(path):
    answer = asked(path, somebody("staff"), **{"if-none-match": "x", "range": "bytes=0-5"})
    style = style_for(somebody("staff"))
    assert answer.status_code == 200
    assert answer.text == PAGE.replace("</head>", f"{style}</head>", 1)
    assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)
    assert answer.headers["cache-control"] == "no-store"
    assert not {"etag", "last-modified", "content-encoding"} & set(answer.headers)


def test_an_admins_page_is_as_prefect_made_it_and_not_kept_either():
    answer = asked("/v2/runs", somebody("admin"))
    assert (answer.text, answer.headers["cache-control"]) == (PAGE, "no-store")


@pytest.mark.parametrize("path", ["/v2/script.js", "/v2/gone", "/api/docs"])
def test_everything_else_goes_on_as_it_came(path):
    assert "<style>" not in asked(path, somebody("staff")).text
    assert asked("/v2/script.js", somebody("staff")).headers["etag"] == "x"


def test_a_program_and_nobody_get_what_prefect_sent():
    assert "<style>" not in asked("/v2/runs", somebody("staff"), accept="application/json").text
    assert asked("/v2/runs", None).headers["etag"] == "x"
    assert asked("/v2/bare", somebody("staff")).text == "<p>nothing"
