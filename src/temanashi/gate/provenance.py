"""Prefect's field for who asked for a run, filled with who signed in. Its own server fills it for automations only."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Request
from prefect.server.api.dependencies import get_created_by, get_updated_by
from prefect.server.schemas.core import CreatedBy, UpdatedBy

from temanashi.pages.identity import SIGNED_IN
from temanashi.signin.recognising import SignedIn

__all__ = ["ACTING", "created_by", "dependencies", "updated_by"]

ACTING = "temanashi.acting"
"""For whom our own pages ask, in the scope of a request."""


def _who(request: Request) -> SignedIn | None:
    acting = request.scope.get(ACTING) or request.scope.get(SIGNED_IN)
    return acting if isinstance(acting, SignedIn) and acting.user else None


Automation = Annotated[str | None, Header(include_in_schema=False)]


def created_by(
    request: Request, prefect_automation_id: Automation = None, prefect_automation_name: Automation = None
) -> CreatedBy | None:
    """Who signed in; else what Prefect says: its automations call it from inside, where nobody else can send these headers."""
    me = _who(request)
    if me is None:
        return get_created_by(prefect_automation_id, prefect_automation_name)  # type: ignore[arg-type]  # texts are parsed by pydantic
    return CreatedBy(id=me.uuid, type="USER", display_value=me.actor.name)


def updated_by(
    request: Request, prefect_automation_id: Automation = None, prefect_automation_name: Automation = None
) -> UpdatedBy | None:
    """The same for changes."""
    me = _who(request)
    if me is None:
        return get_updated_by(prefect_automation_id, prefect_automation_name)  # type: ignore[arg-type]  # texts are parsed by pydantic
    return UpdatedBy(id=me.uuid, type="USER", display_value=me.actor.name)


dependencies = {get_created_by: created_by, get_updated_by: updated_by}
"""What replaces what in Prefect's application."""
