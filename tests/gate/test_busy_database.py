"""A request that meets a busy database is asked again, for people whose browser would not."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from temanashi.gate.retrying import ATTEMPTS, BODY_LIMIT, RetryBusy


def told(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({}, status_code=503)


class Busy:
    """An application that is busy a number of times, and keeps what it was sent."""

    def __init__(self, times: int, *, raises: bool = False) -> None:
        self.times, self.raises, self.bodies = times, raises, []

    async def answer(self, request: Request) -> JSONResponse:
        self.bodies.append(await request.body())
        busy = len(self.bodies) <= self.times
        if busy and self.raises:
            raise RuntimeError("database is locked")
        return JSONResponse({"busy": busy}, status_code=503 if busy else 201)

    async def asked(self, path: str, body: bytes) -> httpx.Response:
        routes = [Route("/{rest:path}", self.answer, methods=["POST"])]
        handlers = {Exception: told}
        app = RetryBusy(Starlette(routes=routes, exception_handlers=handlers))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.post(path, content=body)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("temanashi.gate.retrying.SECONDS", 0.001)


@pytest.mark.anyio
async def test_a_busy_database_is_asked_again_with_the_same_body():
    busy = Busy(2)
    answer = await busy.asked("/api/deployments/x/create_flow_run", b'{"a": 1}')
    assert answer.status_code == 201
    assert answer.json() == {"busy": False}
    assert busy.bodies == [b'{"a": 1}'] * 3


@pytest.mark.anyio
async def test_an_error_that_prefect_answers_with_busy_is_asked_again_too():
    busy = Busy(2, raises=True)
    assert (await busy.asked("/api/flows/", b"{}")).status_code == 201


@pytest.mark.anyio
async def test_a_database_that_stays_busy_is_told_in_the_end():
    busy = Busy(1000)
    answer = await busy.asked("/api/flows/", b"{}")
    assert answer.status_code == 503
    assert len(busy.bodies) == ATTEMPTS


@pytest.mark.anyio
async def test_a_long_body_passes_once():
    busy = Busy(1000)
    long = b"x" * (BODY_LIMIT + 10)
    assert (await busy.asked("/api/flows/", long)).status_code == 503
    assert busy.bodies == [long]


@pytest.mark.anyio
async def test_pages_are_asked_once():
    busy = Busy(1000)
    assert (await busy.asked("/ui", b"")).status_code == 503
    assert len(busy.bodies) == 1
