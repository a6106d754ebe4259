"""What is a reader's own: the runs that they asked for, or that are done for them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection
from starlette.requests import Request

from temanashi.pages.identity import signed_in, who
from temanashi.pages.site import Site
from temanashi.people import Actor, People
from temanashi.runs.reading import RunView, recent_runs, runs_naming

__all__ = ["is_mine", "my_runs", "reader"]

WITHOUT_NAME = 500
"""Newest runs that are listed where nobody signs in and no name was given."""


def reader(request: Request) -> Actor | None:
    """Who reads: whom the gate signed in, else the name that this browser keeps; None where there is none."""
    me = signed_in(request)
    if me is not None:
        return me.actor
    name = who(request)
    return Actor(name=name) if name else None


def is_mine(run: RunView, me: Actor, people: People) -> bool:
    """Whether somebody asked for a run, or it is done for them."""
    names = {people.identity(run.beneficiary)} if run.beneficiary else set()
    return bool(people.identities(me) & (people.identities(run.actor) | names))


def my_runs(site: Site, connection: Connection, request: Request, *, open_only: bool = False) -> Iterator[RunView]:
    """The reader's runs, the newest first. Where nobody signs in and no name was given: everybody's."""
    me = reader(request)
    if me is None:
        states = ("planned", "running", "waiting") if open_only else ()
        yield from recent_runs(connection, limit=WITHOUT_NAME, states=states)
        return
    people = site.installation.engine().directory(connection).people
    names = {me.name, me.account}
    for person in (people.find(name) for name in (me.name, me.account)):
        entry = people.people.get(person) if person is not None else None
        names |= {person or "", entry.name, entry.mail, *entry.os} if entry is not None else set()
    yield from (run for run in runs_naming(connection, names - {""}, open_only=open_only) if is_mine(run, me, people))
