"""The one application that people reach: Prefect's API and UI, and our pages under `/tema/`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.server.api.server import create_app
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from temanashi.gate.front_door import Door, FrontDoor
from temanashi.gate.hosts import KnownHost
from temanashi.gate.menu import FittingMenu
from temanashi.gate.plain_values import PlainValues
from temanashi.gate.policy import ContentPolicy
from temanashi.gate.provenance import dependencies
from temanashi.gate.retrying import RetryBusy
from temanashi.gate.turns import take_turns
from temanashi.pages.same_origin import SameOrigin
from temanashi.settings import Settings

__all__ = ["build_gate"]


def _home(request: Request) -> Response:  # noqa: ARG001  (an endpoint)
    return RedirectResponse("/tema/", status_code=308)


def build_gate(pages: ASGIApp, settings: Settings, *, door: Door | None = None) -> Starlette:
    """Prefect's server with `pages` mounted under `/tema`. Prefect's environment must be set before this is imported.

    With a `door` people sign in, and it decides what each may ask for; without one, whoever reaches this may do everything.

    Mounted applications get no lifespan of their own, so Prefect's runs as this one's: without it there is no scheduler.
    """
    take_turns()
    prefect = create_app(final=True)
    signing_in = []
    if door is not None:
        prefect.api_app.dependency_overrides.update(dependencies)  # type: ignore[attr-defined]  # Prefect sets it
        signing_in = [Middleware(FrontDoor, door=door)]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with prefect.router.lifespan_context(prefect):
            yield

    return Starlette(
        routes=[Route("/tema", _home), Mount("/tema", app=pages), Mount("/", app=FittingMenu(RetryBusy(PlainValues(prefect))))],
        middleware=[
            Middleware(KnownHost, host=settings.host, public=settings.public_url),
            Middleware(SameOrigin),
            Middleware(ContentPolicy),
            *signing_in,
        ],
        lifespan=lifespan,
    )
