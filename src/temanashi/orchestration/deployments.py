"""Prefect's deployments, brought up to date with what is published: one a runbook, one a flow function, and the watch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from temanashi.clock import SystemClock
from temanashi.orchestration.environment import POOL, WATCH
from temanashi.orchestration.python_flows import PythonFlow, python_flows
from temanashi.orchestration.runbook_flows import entrypoint
from temanashi.orchestration.timetables import Timetable, timetables
from temanashi.runbooks.describing import describe
from temanashi.runbooks.form_schema import input_schema
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.offering import Offering
from temanashi.runbooks.planned import LeftOut
from temanashi.settings import Settings
from temanashi.text import Lang, say
from temanashi.workspace.choosing import form_offers
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = [
    "INTERNAL",
    "TAG",
    "WITHDRAWN",
    "Synced",
    "Wanted",
    "ensure_pool",
    "pool_template",
    "sync_deployments",
    "wanted_deployments",
]

TAG, INTERNAL, WITHDRAWN = "temanashi", "internal", "withdrawn"
PAGE, SOON = 200, 3


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A deployment as it should be. `name` is also its flow's name, and never changes with a title: waiting runs need it."""

    name: str
    entrypoint: str
    version: str
    description: str
    tags: tuple[str, ...]
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    schedules: tuple[DeploymentScheduleCreate, ...] = ()
    timetables: tuple[Timetable, ...] = ()
    pull_steps: tuple[dict[str, Any], ...] = ()

    def same_as(self, found: DeploymentResponse) -> bool:
        """Whether nothing has to be done; what a person switched off in Prefect's UI then stays off."""
        return (
            (found.version, found.entrypoint, found.description) == (self.version, self.entrypoint, self.description)
            and set(found.tags or ()) == set(self.tags)
            and found.parameter_openapi_schema == self.schema
            and not found.paused
            and {schedule.slug for schedule in found.schedules} >= {*self._slugs()}
        )

    def schedules_beside(self, found: DeploymentResponse | None) -> list[DeploymentScheduleCreate]:
        """Its schedules; what a person switched off in Prefect stays off."""
        off = {schedule.slug for schedule in found.schedules if not schedule.active} if found is not None else set()
        return [*self.schedules, *(table.wanted(active=table.slug not in off) for table in self.timetables)]

    def _slugs(self) -> Iterator[str | None]:
        yield from (schedule.slug for schedule in self.schedules)
        yield from (table.slug for table in self.timetables)


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What was done, by names."""

    changed: tuple[str, ...]
    same: tuple[str, ...]
    withdrawn: tuple[str, ...]
    rescheduled: tuple[str, ...] = ()


def pool_template() -> dict[str, Any]:
    """The work pool's job template: no variable at all, so that Prefect's form offers none and `job_variables` have no effect."""
    return {"job_configuration": {"labels": {}}, "variables": {"type": "object", "properties": {}}}


def ensure_pool(client: SyncPrefectClient) -> None:
    """Create the work pool where it is missing, and give it our template where somebody changed it."""
    try:
        pool = client.read_work_pool(POOL)
    except ObjectNotFound:
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type=POOL, base_job_template=pool_template()))
        except ObjectAlreadyExists:
            return
    else:
        if pool.base_job_template != pool_template():
            client.request("PATCH", "/work_pools/{name}", path_params={"name": POOL}, json={"base_job_template": pool_template()})


def sync_deployments(
    client: SyncPrefectClient,
    settings: Settings,
    published: PublishedWorkspace | None,
    *,
    now: datetime,
    left_out: LeftOut | None = None,
) -> Synced:
    """Create and update what is published; withdraw the rest; write schedules anew that no longer tell the truth.

    The work pool must exist. `left_out` says which occurrences persons left out.
    """
    found = {d.name: d for d in _ours(client)}
    wanted = wanted_deployments(settings, published, now=now, left_out=left_out)
    changed = [w for w in wanted if w.name not in found or not w.same_as(found[w.name])]
    for deployment in changed:
        _put(client, deployment, found.get(deployment.name))
    names = tuple(w.name for w in changed)
    same = [w for w in wanted if w.name not in names]
    rescheduled = tuple(w.name for w in same if _rescheduled(client, w, found[w.name]))
    gone = [d for name, d in found.items() if name not in {w.name for w in wanted} and WITHDRAWN not in (d.tags or ())]
    for old in gone:
        _withdraw(client, old, settings.language)
    return Synced(
        changed=names,
        same=tuple(w.name for w in same),
        withdrawn=tuple(d.name for d in gone),
        rescheduled=rescheduled,
    )


def wanted_deployments(
    settings: Settings, published: PublishedWorkspace | None, *, now: datetime, left_out: LeftOut | None = None
) -> list[Wanted]:
    """What should be there for a published version; before the first one, only the watch."""
    flows = python_flows(settings, published) if published is not None else []
    runbooks = []
    if published is not None:
        offers = form_offers(published, settings, clock=SystemClock())
        tables = partial(timetables, calendars=published.calendar, zone=settings.zone, now=now, left_out=left_out)
        runbooks = [_for_runbook(r, settings, tables(r), offers) for r in published.runbooks.values()]
    return [*runbooks, *(_for_flow(f, settings) for f in flows), _watch(settings)]


def _for_runbook(runbook: Runbook, settings: Settings, tables: tuple[Timetable, ...], offers: Offering | None = None) -> Wanted:
    lang = settings.language
    tags = [TAG, say(f"runbooks.category-{runbook.category}", lang), runbook.owner, runbook.system]
    return Wanted(
        name=runbook.id,
        entrypoint=entrypoint(runbook.function),
        version=runbook.version,
        description=describe(runbook, lang),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        schema=input_schema(runbook, lang, offers=offers),
        timetables=tables,
    )


def _for_flow(flow: PythonFlow, settings: Settings) -> Wanted:
    return Wanted(
        name=flow.name,
        entrypoint=f"{flow.path}:{flow.function}",
        version=flow.version,
        description=flow.description,
        tags=(TAG, say("orchestration.python-flow", settings.language)),
        schema=flow.schema,
        pull_steps=({"prefect.deployments.steps.set_working_directory": {"directory": str(settings.root)}},),
    )


def _watch(settings: Settings) -> Wanted:
    schedule = CronSchedule(cron="* * * * *", timezone=settings.timezone)
    return Wanted(
        name=WATCH,
        entrypoint="temanashi.orchestration.watching.watch",
        version="1",
        description=say("orchestration.watch-description", settings.language),
        tags=(TAG, INTERNAL),
        schedules=(DeploymentScheduleCreate(schedule=schedule, slug=WATCH),),
    )


def _ours(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """Every deployment with our tag, a page at a time."""
    found: list[DeploymentResponse] = []
    tagged = DeploymentFilter.model_validate({"tags": {"all_": [TAG]}})
    while page := client.read_deployments(deployment_filter=tagged, limit=PAGE, offset=len(found)):
        found += page
    return found


def _rescheduled(client: SyncPrefectClient, wanted: Wanted, found: DeploymentResponse) -> bool:
    """Write schedules anew that no longer tell the truth. They keep their id, and their switch."""
    held = {schedule.slug: schedule for schedule in found.schedules}
    untrue = [table for table in wanted.timetables if not table.is_held_by(held[table.slug])]
    for table in untrue:
        client.update_deployment_schedule(found.id, held[table.slug].id, schedule=table.for_prefect())
    if untrue:
        _plan_runs(client, found.id)
    return bool(untrue)


def _plan_runs(client: SyncPrefectClient, deployment: UUID) -> None:
    """Have Prefect plan the next runs now.

    A change of a schedule deletes those that were planned, and the scheduler, which comes by every minute, never looks back: what
    is due before it comes would be lost.
    """
    client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment}, json={"min_runs": SOON})


def _put(client: SyncPrefectClient, wanted: Wanted, found: DeploymentResponse | None) -> None:
    deployment = client.create_deployment(
        client.create_flow_from_name(wanted.name),
        wanted.name,
        version=wanted.version,
        schedules=wanted.schedules_beside(found),
        parameters={},
        description=wanted.description,
        work_pool_name=POOL,
        tags=list(wanted.tags),
        entrypoint=wanted.entrypoint,
        parameter_openapi_schema=wanted.schema,
        paused=False,
        pull_steps=list(wanted.pull_steps),
        enforce_parameter_schema=True,
    )
    if wanted.schedules or wanted.timetables:
        _plan_runs(client, deployment)


def _withdraw(client: SyncPrefectClient, old: DeploymentResponse, lang: Lang) -> None:
    """Paused and marked, not deleted: runs that still wait need it to go on. New runs are refused by the flow itself."""
    tags = [*(tag for tag in old.tags or () if tag != WITHDRAWN), WITHDRAWN]
    description = f"**{say('orchestration.withdrawn', lang)}**\n\n{old.description or ''}"
    for schedule in old.schedules:
        client.delete_deployment_schedule(old.id, schedule.id)
    body = {"paused": True, "tags": tags, "description": description}
    client.update_deployment(old.id, DeploymentUpdate.model_validate(body))
