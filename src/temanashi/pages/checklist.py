"""The checklist of a waiting run: one small form a line, saved at once; and what its page shows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError, RunError
from temanashi.pages.answers import seconds_of
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, forget, remember, signed_in, typed_name, who
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.pages.visible import check_visible
from temanashi.people import Actor, People
from temanashi.runs.checklist_closing import close_checklist
from temanashi.runs.checklist_record import spent_on
from temanashi.runs.checklist_state import LineNow, Verb
from temanashi.runs.checklists import Act, act, checklist_of
from temanashi.runs.reading import RunView, run_view
from temanashi.runs.results import NoRun, NotWaiting, RunsStopped
from temanashi.text import explain, say

__all__ = ["Typed", "checklist_data", "post_checklist"]

Shown = Callable[..., Response]
"""`shown(request, typed=..., late=..., status=...)`: the page again, with what was typed and what is wrong with it."""

MOST_LINES = 99_999


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed into one of the forms, so that nothing is lost, and what is wrong with it. Line 0 is the checklist itself."""

    line: int = 0
    verb: str = ""
    value: str = ""
    note: str = ""
    minutes: str = ""
    name: str = ""
    problem: str = ""
    following: str = ""


def post_checklist(site: Site, shown: Shown) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of every form of a checklist; raises NoRun, RunsStopped and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_done, site, shown, request, typed)

    return answer


def _done(site: Site, shown: Shown, request: Request, typed: dict[str, str]) -> Response:
    with site.installation.database.reading() as connection:
        check_visible(site, connection, request)
    verb, run = typed.get("verb", ""), request.path_params["run"]
    if verb == "forget":
        response = _back(request)
        forget(response, request)
        return response
    lang = language_of(request, site.installation.settings.languages)
    given = "" if signed_in(request) is not None else typed_name(typed.get("name", ""))
    name = given or who(request)
    texts = [typed.get(field, "") for field in ("value", "note", "minutes")]
    kept = Typed(line=_number(typed), verb=verb, value=texts[0], note=texts[1], minutes=texts[2], name=name)
    if not name or len(name) > NAME_LENGTH:
        key = "pages.form-name-long" if name else "pages.form-name-missing"
        return shown(request, typed=replace(kept, line=0, verb="name", problem=say(key, lang)), status=400)
    if given:
        name = _known(site, name).name
    try:
        ended = verb != "name" and _write(site, run, actor_for(request, name), verb, typed)
    except NotWaiting:
        return shown(request, late=True, status=409)
    except (NoRun, RunsStopped):
        raise
    except (InputError, RunError) as error:
        told = explain(error, lang)
        wrong = replace(kept, problem=told.what, following=told.next)
        return shown(request, typed=wrong, status=409 if isinstance(error, RunError) else 400)
    if ended:
        _wake(site, run)
    response = Response(status_code=204) if verb == "heartbeat" else _back(request, "" if ended else _fragment(typed))
    remember(response, request, name)
    return response


def _write(site: Site, run: str, actor: Actor, verb: str, typed: dict[str, str]) -> bool:
    """Do what the button says; whether the checklist is closed now."""
    engine, step = site.engine(), typed.get("step", "")
    if verb in {"done", "refused"}:
        verdict: Literal["done", "refused"] = "done" if verb == "done" else "refused"
        close_checklist(engine, run, actor=actor, channel="page", verdict=verdict, note=typed.get("note", ""), step=step)
        return True
    if verb not in get_args(Verb):
        raise NotWaiting(run, "")
    asked = Act(
        verb=cast("Verb", verb),
        actor=actor,
        line=_number(typed) or None,
        value=typed.get("value"),
        note=typed.get("note"),
        seen=int(typed["seen"]) if typed.get("seen", "").isdecimal() else None,
        seconds=seconds_of(typed.get("minutes", "")),
    )
    act(engine, run, asked, step=step)
    return False


def _known(site: Site, name: str) -> Actor:
    """The person under the name that the site lists them by, else as typed."""
    engine = site.engine()
    with site.installation.database.reading() as connection:
        return engine.directory(connection).people.known(Actor(name=name))


def _number(typed: dict[str, str]) -> int:
    said = typed.get("line", "")[:6]
    return min(int(said), MOST_LINES) if said.isdecimal() else 0


def _fragment(typed: dict[str, str]) -> str:
    return f"#line-{_number(typed)}" if _number(typed) else "#checklist"


def _back(request: Request, fragment: str = "#checklist") -> Response:
    lang = request.query_params.get("lang")
    path = request.url.path.removesuffix("/checklist")
    return RedirectResponse(f"{path}{f'?lang={lang}' if lang in {'ja', 'en'} else ''}{fragment}", status_code=303)


def _wake(site: Site, run: str) -> None:
    """Tell Prefect that the run goes on. Where that fails, the decision stands; the watch wakes the run within a minute."""
    try:
        with site.installation.database.reading() as connection:
            view = run_view(connection, run)
        site.links.wake(view)
    except Exception:
        logging.getLogger("temanashi.pages").exception("run %s was decided but not woken", run)


def checklist_data(site: Site, connection: Connection, run: RunView, name: str, typed: Typed) -> dict[str, Any] | None:
    """What the template of a checklist is filled with; None where the run waits for no checklist."""
    found = checklist_of(connection, run.id) if run.wait is not None and run.wait.kind == "manual" else None
    if found is None:
        return None
    people = site.engine().directory(connection).people
    me = Actor(name=name) if name else None
    mine = found.holder is not None and me is not None and bool(people.identities(me) & people.identities(found.holder))
    return {
        "now": found,
        "name": name,
        "mine": mine,
        "typed": typed,
        "people": spent_on(found),
        "next": next((line.line.number for line in found.lines if line.state == "open"), 0),
        "left": [line.line.number for line in found.lines if not line.settled],
        "seq": found.deeds[-1].seq if found.deeds else 0,
        "may_confirm": {line.line.number for line in found.lines if me is not None and _may_confirm(line, me, people)},
        "history": [deed for deed in reversed(found.deeds) if deed.verb != "heartbeat"],
    }


def _may_confirm(line: LineNow, me: Actor, people: People) -> bool:
    if not line.wants_confirmation or line.by is None or people.identities(line.by) & people.identities(me):
        return False
    group = line.line.terms.confirm
    return group == "anybody" or people.find(me.name) in people.members((group,))
