"""The watch: a flow that runs every minute, wakes what nobody works on, and deploys what was published."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.logging import get_run_logger

from temanashi.calendars import day_of
from temanashi.clock import Clock
from temanashi.orchestration.catching_up import start_missing
from temanashi.orchestration.deployments import sync_deployments
from temanashi.orchestration.driving import current_flow_run
from temanashi.orchestration.log_lines import redact_logs
from temanashi.orchestration.queueing import wake_queued
from temanashi.orchestration.secret_blocks import resolver
from temanashi.orchestration.sweeping import sweep
from temanashi.workspace.account_night import read_accounts_at_night
from temanashi.workspace.afterwards import seal_tail
from temanashi.workspace.approval_notices import tell_of_approvals
from temanashi.workspace.checking import watch_checks
from temanashi.workspace.daily_seal import seal_day
from temanashi.workspace.faq_digest import tell_owners
from temanashi.workspace.mailing_results import mail_results
from temanashi.workspace.opening import Installation, open_installation
from temanashi.workspace.pinging import tell_monitor
from temanashi.workspace.publishing import current_version
from temanashi.workspace.rereading_people import reread_people
from temanashi.workspace.scheduling import left_out_by_persons
from temanashi.workspace.telling_inquiries import tell_of_inquiries
from temanashi.workspace.telling_reports import tell_report
from temanashi.workspace.telling_sheets import remind_of_confirming
from temanashi.workspace.watching_access import watch_access
from temanashi.workspace.watching_schedules import watch_schedules

__all__ = ["watch"]

KEPT_HOURS = 1


@flow(name="temanashi-watch", validate_parameters=False, persist_result=False)
def watch() -> None:
    """Sweep, deploy what was published, look for what did not run, seal the ledger, tidy up, and tell an outside monitor."""
    with open_installation(create=False) as installation, get_client(sync_client=True) as client:
        try:
            problems = _watched(installation, client)
        except Exception as error:
            _tell(installation, [f"{type(error).__name__}: the watch failed"])
            raise
        _tell(installation, problems)


def _watched(installation: Installation, client: SyncPrefectClient) -> list[str]:
    """What an outside monitor should hear of; empty when all is well."""
    logger, lang = get_run_logger(), installation.settings.language
    engine = installation.engine(secret=resolver())
    redact_logs(engine.redactor)
    now = installation.clock.now()
    swept = sweep(engine, client, one_machine=installation.database.dialect == "sqlite")
    swept.woken += wake_queued(engine, client)
    with installation.database.reading() as connection:
        published = current_version(connection, kinds=engine.kinds)
        left_out = left_out_by_persons(connection, now, day_of(now, engine.zone))
    access = watch_access(installation, engine, published)  # before anything that may take its time
    synced = sync_deployments(client, installation.settings, published, now=now, left_out=left_out)
    done = {**vars(swept), **vars(synced), "same": ()}
    looked, alarmed, told = watch_schedules(installation, engine, published)
    done |= {"started late": start_missing(engine, client, looked.to_start), "not run": looked.settled}
    done |= {"access ended": access.ended, "access overdue": [f"{one.login} at {one.target}" for one in access.overdue]}
    done |= {"alarms": alarmed.raised, "recovered": alarmed.recovered}
    for name, values in done.items():
        if values:
            logger.info("%s: %s", name, ", ".join(values))
    failures, unheard = watch_checks(installation, secret=resolver())
    told_of = [
        *remind_of_confirming(installation, published),
        *tell_of_approvals(installation),
        *access.failures,
        *mail_results(installation),
    ]
    gone = reread_people(installation, secret=resolver())
    told_of += [*tell_report(installation, published), *tell_of_inquiries(installation), *tell_owners(installation, published)]
    told_of += read_accounts_at_night(installation, secret=resolver())
    sealed = [*failures, *told_of, *gone, *seal_tail(installation), *seal_day(installation)]
    for problem in (*sealed, *alarmed.failures):
        logger.warning("%s", problem.text(lang))
    _tidy(client, current_flow_run(), installation.clock)
    return [
        *told,
        *unheard,
        *(f"access is overdue: {one.login}" for one in access.overdue),
        *(problem.text(lang) for problem in (*sealed, *alarmed.failures)),
    ]


def _tell(installation: Installation, problems: list[str]) -> None:
    warning = tell_monitor(installation.database, installation.settings.monitor_url, problems=problems, secret=resolver())
    if warning is not None:
        get_run_logger().warning("%s", warning.text(installation.settings.language))


def _tidy(client: SyncPrefectClient, me: FlowRun, clock: Clock) -> None:
    """1,440 runs a day of this flow would bury the others in Prefect's lists."""
    old = {
        "deployment_id": {"any_": [str(me.deployment_id)]},
        "state": {"type": {"any_": ["COMPLETED"]}},
        "end_time": {"before_": (clock.now() - timedelta(hours=KEPT_HOURS)).isoformat()},
    }
    if me.deployment_id is not None:
        for done in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(old), limit=50):
            client.delete_flow_run(done.id)
