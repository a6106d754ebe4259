"""Getting in without a session, or as somebody else: addresses, headers, cookies, other sites, websockets, bodies."""

import asyncio
import json

import pytest

from gate.guarded import NOBODY, PASSWORD

pytestmark = pytest.mark.server

FILTER = "/api/flow_runs/filter"
ODD = [
    "//api/flow_runs/filter",
    "/api//flow_runs/filter",
    "/api/flow_runs//filter",
    "/api/./flow_runs/filter",
    "/tema/../api/flow_runs/filter",
    "/api/%2e%2e/api/flow_runs/filter",
    "/api/%2E/flow_runs/filter",
    "/api%2fflow_runs/filter",
    "/api/flow_runs%2Ffilter",
    "/api/flow_runs/filter;x=1",
    "/api\\flow_runs\\filter",
    "/api/%5cflow_runs/filter",
    "/api/flow_runs/filter%00",
    "/api/flow_runs/filter%0d%0aset-cookie:x=1",
    "/api/flow_runs/%252e%252e/filter",
    "/tema/sign-in/../../api/flow_runs/filter",
    "/tema/style.css/../../api/flow_runs/filter",
]
OTHERS = [
    "/API/flow_runs/filter",
    "/Api/Flow_Runs/Filter",
    "/api/flow_runs/filter/",
    "/api/flow_runs/FILTER",
    "/v2/api/flow_runs/filter",
    "/tema/api",
]


def raw(house, method, target, *, headers="", body=b""):
    """A request as it is on the wire: no library tidies the address up. The status."""

    async def call():
        reader, writer = await asyncio.open_connection("127.0.0.1", house.place.settings.port)
        head = f"{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode("latin-1") + body)
        await writer.drain()
        said = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return said

    said = asyncio.run(call())
    return int(said.split(b" ", 2)[1]), said


@pytest.mark.parametrize("target", ODD)
@pytest.mark.parametrize("who", [NOBODY, "staff", "admin"])
def test_an_address_that_can_be_read_in_two_ways_is_refused(house, target, who):
    cookie = "" if who == NOBODY else f"cookie: tema_session={house.client(who).cookies['tema_session']}\r\norigin: {house.url}\r\n"
    status, said = raw(
        house,
        "POST",
        target,
        headers=f"{cookie}content-type: application/json\r\nhost: 127.0.0.1:{house.place.settings.port}\r\n"
        if cookie
        else "content-type: application/json\r\n",
        body=b"{}",
    )
    assert status in {400, 401}, said[:300]
    assert b'"name"' not in said


@pytest.mark.parametrize("path", OTHERS)
def test_another_spelling_of_an_address_is_another_address(house, path):
    assert house.client().post(path, json={}).status_code == 401
    assert house.client("staff").post(path, json={}).status_code == 403
    assert house.client("admin").post(path, json={}).status_code in {403, 405}


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_a_header_does_not_make_another_request_of_it(house, header):
    answer = house.client("viewer").get(f"/api/deployments/{house.deployments['for-all']}", headers={header: "DELETE"})
    assert answer.status_code == 200
    assert house.client("viewer").get(f"/api/deployments/{house.deployments['for-all']}").status_code == 200


SPOOFED = [
    {"prefect-automation-id": "11111111-1111-4111-8111-111111111111", "prefect-automation-name": "ZXZpbA=="},
    {"x-tema-acting": "eyJuYW1lIjoiYWRtaW4ifQ=="},
    {"x-forwarded-user": "admin", "x-remote-user": "admin", "remote-user": "admin"},
    {"x-original-url": "/api/admin/settings", "x-rewrite-url": "/api/admin/settings"},
    {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https", "forwarded": "for=127.0.0.1;host=evil"},
]


@pytest.mark.parametrize("headers", SPOOFED)
def test_what_a_request_says_of_its_maker_is_not_believed(house, headers):
    path = f"/api/deployments/{house.deployments['for-staff']}/create_flow_run"
    assert house.client().post(path, json={}, headers=headers).status_code == 401
    made = house.client("staff").post(path, json={}, headers=headers).json()
    assert (made["created_by"]["type"], made["created_by"]["display_value"]) == ("USER", "staff")


@pytest.mark.parametrize("headers", SPOOFED)
def test_a_worker_cannot_make_runs_in_the_name_of_a_person(house, headers):
    flow = house.worker.get("/api/flows/name/for-all").json()["id"]
    made = house.worker.post("/api/flow_runs/", json={"flow_id": flow}, headers=headers).json()
    assert made["created_by"] is None


TAMPERED = ["", "x", "x" * 5000, "' OR 1=1 --", "%00", "tema_session", "null", "{}", "../../etc/passwd"]


@pytest.mark.parametrize("value", TAMPERED)
def test_a_made_up_session_is_nobodys(house, value):
    assert raw(house, "POST", FILTER, headers=f"cookie: tema_session={value}\r\norigin: http://127.0.0.1\r\n", body=b"{}")[0] == 401


def test_a_session_with_one_letter_changed_is_nobodys(house):
    good = house.fresh("admin").cookies["tema_session"]
    for bad in (good[:-1], good + "x", good[:-1] + ("A" if good[-1] != "A" else "B"), good.upper(), good.swapcase()):
        assert house.client().post(FILTER, json={}, headers={"cookie": f"tema_session={bad}"}).status_code == 401


@pytest.mark.parametrize("name", ["__Host-tema_session", "TEMA_SESSION", "tema_name", "session"])
def test_a_session_counts_only_under_its_own_name(house, name):
    good = house.fresh("admin").cookies["tema_session"]
    assert house.client().post(FILTER, json={}, headers={"cookie": f"{name}={good}"}).status_code == 401


def test_a_session_that_somebody_planted_is_not_the_one_after_signing_in(house):
    planted = house.fresh("staff").cookies["tema_session"]
    form = {"name": "staff2", "password": PASSWORD, "next": "/tema/me"}
    answer = house.client().post("/tema/sign-in", data=form, headers={"cookie": f"tema_session={planted}"})
    assert answer.status_code == 303
    fresh = answer.cookies["tema_session"]
    house.client().cookies.clear()
    assert fresh != planted
    assert house.client().post(FILTER, json={}, headers={"cookie": f"tema_session={planted}"}).status_code == 401
    assert house.client().post(FILTER, json={}, headers={"cookie": f"tema_session={fresh}"}).status_code == 200


def test_a_session_is_over_the_moment_that_it_was_signed_out(house):
    client = house.fresh("operator")
    token = client.cookies["tema_session"]
    assert client.post(FILTER, json={}).status_code == 200
    assert client.post("/tema/sign-out").status_code == 303
    for _ in range(3):
        assert house.client().post(FILTER, json={}, headers={"cookie": f"tema_session={token}"}).status_code == 401


def test_the_cookie_is_not_for_scripts_nor_for_other_sites(house):
    form = {"name": "viewer", "password": PASSWORD, "next": "/"}
    said = house.fresh().post("/tema/sign-in", data=form).headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in said.split(";")}


@pytest.mark.parametrize(
    "following", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nx: y", "\\\\evil", ""]
)
def test_signing_in_leads_to_no_other_site(house, following):
    form = {"name": "viewer", "password": PASSWORD, "next": following}
    assert house.fresh().post("/tema/sign-in", data=form).headers["location"] == "/tema/"


ELSEWHERE = [
    {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "null", "sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "", "sec-fetch-site": ""},
    {"origin": "http://127.0.0.1:1"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize("path", ["create", FILTER, "/tema/sign-out", "/tema/password"])
def test_a_page_of_another_site_cannot_use_a_session(house, headers, path):
    path = f"/api/deployments/{house.deployments['for-staff']}/create_flow_run" if path == "create" else path
    cookie = {"cookie": f"tema_session={house.client('staff').cookies['tema_session']}"}
    import httpx

    with httpx.Client(base_url=house.url, trust_env=False) as other:
        assert other.post(path, json={}, headers=cookie | headers).status_code == 403
        assert other.post(path, json={}, headers=cookie).status_code == 403  # a browser says where it comes from


def test_nobody_is_signed_in_by_another_site(house):
    form = {"name": "staff", "password": PASSWORD, "next": "/"}
    answer = house.fresh().post(
        "/tema/sign-in", data=form, headers={"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


SOCKETS = [
    "/api/events/in",
    "/api/events/out",
    "/api/logs/out",
    "/api/task_runs/subscriptions/scheduled",
    "/api/work_pools/temanashi/workers/connect",
]
NOT_FOR = {
    NOBODY: set(SOCKETS),
    "staff": set(SOCKETS),
    "viewer": {SOCKETS[0], SOCKETS[3], SOCKETS[4]},
    "admin": {SOCKETS[0], SOCKETS[3], SOCKETS[4]},
}


def socket(house, path, headers):
    """Whether a websocket was opened."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus

    async def call():
        url = f"ws://127.0.0.1:{house.place.settings.port}{path}"
        try:
            async with connect(url, additional_headers=headers, proxy=None, open_timeout=10):
                return True
        except InvalidStatus:
            return False

    return asyncio.run(call())


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("who", NOT_FOR)
def test_a_websocket_opens_for_those_whom_the_table_names(house, path, who):
    headers = {"Origin": house.url}
    if who != NOBODY:
        headers["Cookie"] = f"tema_session={house.client(who).cookies['tema_session']}"
    assert socket(house, path, headers) is (path not in NOT_FOR[who])


@pytest.mark.parametrize("path", SOCKETS)
def test_a_websocket_of_another_site_is_refused(house, path):
    cookie = f"tema_session={house.client('admin').cookies['tema_session']}"
    for origin in ({"Origin": "http://evil.example"}, {}):
        assert not socket(house, path, {"Cookie": cookie} | origin)


@pytest.mark.parametrize("path", SOCKETS)
def test_a_websocket_needs_a_token_that_works(house, path):
    for token in ("", "tema_wrong", house.token("staff", "read")):
        assert not socket(house, path, {"Authorization": f"Bearer {token}"})


def test_a_worker_opens_its_websockets(house):
    from temanashi.workspace.local_token import local_token

    headers = {"Authorization": f"Bearer {local_token(house.place.settings)}"}
    assert all(socket(house, path, headers) for path in SOCKETS[:4])


BODIES = [
    b"",
    b"[]",
    b"null",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b'{"a":' * 20_000,
    b"[" * 100_000,
    b'{"parameters": []}',
    b'{"tags": "x"}',
    b'{"state": 5}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_a_body_that_is_none_is_refused_and_breaks_nothing(house, body):
    headers = {"content-type": "application/json"}
    for path in (
        f"/api/deployments/{house.deployments['for-others']}/create_flow_run",
        FILTER,
        "/api/logs/filter",
        "/api/deployments/filter",
    ):
        answer = house.client("staff").post(path, content=body, headers=headers)
        assert answer.status_code < 500, (path, answer.status_code, answer.text[:200])
        assert answer.status_code in {200, 404, 409, 413, 422}, (path, answer.status_code)


@pytest.mark.parametrize("path", ["create", FILTER, "/tema/sign-in", "/tema/password"])
def test_a_body_without_end_is_refused(house, path):
    path = f"/api/deployments/{house.deployments['for-staff']}/create_flow_run" if path == "create" else path
    answer = house.client("staff").post(path, content=b'{"x": "' + b"x" * 2_000_000 + b'"}')
    assert answer.status_code == 413


WRONG = [
    ("nobody-of-this-name", PASSWORD),
    ("viewer", "wrong password"),
    ("", ""),
    ("viewer", ""),
    ("山田", "x"),
    ("a" * 5000, "b" * 5000),
]


def test_every_wrong_sign_in_is_told_the_same(house):
    pages = set()
    for number, (name, password) in enumerate(WRONG):
        form = {"name": name, "password": password, "next": "/"}
        answer = house.fresh().post("/tema/sign-in?lang=en", data=form)
        assert answer.status_code == 401, (number, answer.text[:300])
        pages.add(answer.text.replace(f'value="{name}"', "").split('role="alert"')[1].split("</div>")[0])
    assert len(pages) == 1


def test_a_name_that_waits_is_told_so_whether_or_not_anybody_has_it(house):
    said = []
    for name in ("publisher", "no-such-person"):
        answers = [house.fresh().post("/tema/sign-in?lang=en", data={"name": name, "password": "wrong"}) for _ in range(4)]
        said.append([answer.status_code for answer in answers])
    assert said[0] == said[1]
    assert said[0][-1] == 429


def test_a_password_never_comes_back_in_a_page(house):
    answer = house.fresh().post("/tema/sign-in", data={"name": "x", "password": "my-typed-password"})
    assert "my-typed-password" not in answer.text


@pytest.mark.parametrize("path", ["/tema/runs/x", "/tema/audit", "/v2/dashboard", "/tema/"])
def test_a_browser_without_a_session_is_led_to_the_sign_in_page_and_back(house, path):
    answer = house.fresh().get(path, params={"lang": "en"}, headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/tema/sign-in?next={path.replace('/', '%2F')}%3Flang%3Den&lang=en"
    assert "cookie" not in answer.headers


def test_a_program_without_a_token_is_told_how_to_sign_in(house):
    answer = house.client().get("/api/version")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "/tema/sign-in" in json.loads(answer.text)["detail"]


def test_somebody_whose_password_works_once_can_do_nothing_before_choosing_one(house):
    from gate.guarded import SETUP
    from temanashi.people import People
    from temanashi.signin.users import add_user
    from temanashi.workspace.first_admin import book_of

    with house.opened.database.transaction() as connection:
        more = {"password": PASSWORD, "people": People(), "actor": SETUP, "channel": "cli", "roles": ("admin",)}
        add_user(book_of(house.opened), connection, "newcomer", one_time=True, **more)
    client = house.fresh()
    answer = client.post("/tema/sign-in", data={"name": "newcomer", "password": PASSWORD, "next": "/tema/"})
    assert answer.headers["location"].startswith("/tema/password")
    assert client.get("/tema/", headers={"accept": "text/html"}).headers["location"] == "/tema/password"
    assert client.get("/api/admin/storage").status_code == 403
    assert client.post(FILTER, json={}).status_code == 403
    wrong = client.post("/tema/password?lang=en", data={"old": PASSWORD, "new": "short", "again": "short"})
    assert (wrong.status_code, "too easy" in wrong.text) == (400, True)
    assert (
        client.post("/tema/password", data={"old": "x", "new": "another four words", "again": "another four words"}).status_code
        == 400
    )
    before = client.cookies["tema_session"]
    good = {"old": PASSWORD, "new": "another four words", "again": "another four words", "next": "/tema/me"}
    assert client.post("/tema/password", data=good).headers["location"] == "/tema/me"
    assert client.cookies["tema_session"] != before
    assert client.get("/api/admin/storage").status_code == 200
    assert house.fresh().post(FILTER, json={}, headers={"cookie": f"tema_session={before}"}).status_code == 401
