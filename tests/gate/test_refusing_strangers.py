import asyncio

import pytest

pytestmark = pytest.mark.server
ELSEWHERE = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]
FLOW = "/api/flows/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_page_of_another_site_can_change_nothing(http, headers):
    for path in ("/api/flows/", "/api/admin/storage", "/tema/runs/x"):
        answer = http.post(path, json={"name": "stolen"}, headers=headers)
        assert answer.status_code == 403
        assert "何も変更していません" in answer.text
    assert http.post("/api/flows/filter", json={"flows": {"name": {"any_": ["stolen"]}}}).json() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_but_reading_is_refused_from_elsewhere(http, method):
    assert http.request(method, FLOW, headers={"origin": "http://evil.example"}).status_code == 403


def test_our_own_pages_and_programs_may(http, gate):
    own = {"origin": f"http://127.0.0.1:{gate.settings.port}", "sec-fetch-site": "same-origin"}
    for headers in (own, {}):
        assert http.post("/api/flows/filter", json={}, headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4200", "127.0.0.1.evil.example", ""])
def test_a_name_that_was_pointed_at_this_machine_is_refused(http, host):
    answer = http.get("/api/health", headers={"host": host})
    assert answer.status_code == 421
    assert "127.0.0.1" in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4200", "127.0.0.1", "[::1]:4200", "10.1.2.3"])
def test_names_and_addresses_of_this_machine_pass(http, host):
    assert http.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(("name", "headers"), [("127.0.0.1", {"Origin": "http://evil.example"}), ("evil.example", {})])
def test_websockets_from_elsewhere_are_refused(gate, name, headers):
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus

    port = gate.settings.port

    async def call():
        url = f"ws://{name}:{port}/api/events/out"
        async with connect(url, host="127.0.0.1", port=port, additional_headers=headers, proxy=None, open_timeout=10):
            pass

    with pytest.raises(InvalidStatus) as caught:
        asyncio.run(call())
    assert caught.value.response.status_code == 403
