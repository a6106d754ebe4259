"""What waits for a reader: plans to approve, work by hand, the morning sheet, and changes of roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection
from starlette.requests import Request

from temanashi.pages.identity import signed_in
from temanashi.pages.mine import is_mine, reader
from temanashi.pages.site import Site
from temanashi.runs.approvals.reading import ApprovalView, approvals_waiting, may_decide
from temanashi.runs.reading import RunView, recent_runs
from temanashi.signin.roles import RoleRequest, may_decide_role, role_requests
from temanashi.workspace.confirming_sheets import confirmations_of, standing_of
from temanashi.workspace.morning import read_sheet, today_of
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["Inbox", "Waits", "approvals_for", "waits_for"]

MOST = 200


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """Open approvals: `mine` wait for the reader's word; `others` are those that the reader may look at."""

    mine: tuple[ApprovalView, ...] = ()
    others: tuple[ApprovalView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Waits:
    """What waits for one reader. `emergencies` lack approval after the fact, whoever may give it; `sheet` is an unconfirmed day's.

    `others` is the number of plans that wait for somebody else.
    """

    approvals: tuple[ApprovalView, ...] = ()
    emergencies: tuple[ApprovalView, ...] = ()
    work: tuple[RunView, ...] = ()
    roles: tuple[RoleRequest, ...] = ()
    sheet: date | None = None
    after: int = 0
    others: int = 0

    @property
    def count(self) -> int:
        """How many things there are for the reader to do."""
        return len(self.approvals) + self.after + len(self.work) + len(self.roles) + (self.sheet is not None)


def approvals_for(site: Site, connection: Connection, request: Request) -> Inbox:
    """Every open approval that the reader may decide or look at. Where no name is known, everybody is asked."""
    engine, me, session = site.installation.engine(), reader(request), signed_in(request)
    views = approvals_waiting(engine, connection, limit=MOST)
    if me is None:
        return Inbox(mine=tuple(views))
    people = engine.directory(connection).people
    may = session is None or session.may("decide")
    mine = tuple(view for view in views if may and may_decide(engine, connection, view, me))
    sees_all = session is None or session.may("see-all")
    own = people.identities(me)
    others = tuple(view for view in views if view not in mine and (sees_all or own & people.identities(view.requester)))
    return Inbox(mine=mine, others=others)


def waits_for(site: Site, connection: Connection, request: Request, published: PublishedWorkspace | None) -> Waits:
    """What waits for who reads; raises LedgerError."""
    inbox = approvals_for(site, connection, request)
    return Waits(
        approvals=tuple(view for view in inbox.mine if view.kind == "before"),
        emergencies=tuple(view for view in (*inbox.mine, *inbox.others) if view.kind == "after"),
        work=_work(site, connection, request),
        roles=_roles(site, connection, request),
        sheet=_sheet(site, connection, request, published),
        after=sum(view.kind == "after" for view in inbox.mine),
        others=sum(view.kind == "before" for view in inbox.others),
    )


def _work(site: Site, connection: Connection, request: Request) -> tuple[RunView, ...]:
    """Work by hand: whoever sees all may do it, others what they asked for themselves."""
    me, session = reader(request), signed_in(request)
    if session is not None and not session.may("decide"):
        return ()
    waiting = [run for run in recent_runs(connection, limit=MOST, states=("waiting",)) if run.wait and run.wait.kind != "approval"]
    if session is None or me is None or session.may("see-all"):
        return tuple(waiting)
    people = site.installation.engine().directory(connection).people
    return tuple(run for run in waiting if is_mine(run, me, people))


def _roles(site: Site, connection: Connection, request: Request) -> tuple[RoleRequest, ...]:
    session = signed_in(request)
    if session is None or not session.may("manage"):
        return ()
    people = site.installation.engine().directory(connection).people
    return tuple(asked for asked in role_requests(connection) if may_decide_role(connection, asked, session.actor, people))


def _sheet(site: Site, connection: Connection, request: Request, published: PublishedWorkspace | None) -> date | None:
    """Today, where its sheet still lacks a confirmation that the reader could give."""
    session, me = signed_in(request), reader(request)
    if published is None or (session is not None and not session.may("steer")):
        return None
    day, second = today_of(site.installation), site.installation.settings.checks.second_person
    sheet = read_sheet(site.installation, connection, published, day, cache=site.runs)
    if sheet.empty or sheet.going_on:
        return None
    standing = standing_of(sheet, confirmations_of(site.installation, connection, day), second_person=second)
    people = site.installation.engine().directory(connection).people
    gave = {people.identity(one.name) for one in standing.valid}
    mine = people.identities(me) if me is not None else frozenset()
    return day if standing.needed is not None and not mine & gave else None
