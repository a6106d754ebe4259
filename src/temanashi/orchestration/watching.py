"""The watch: a flow that runs every minute, wakes what nobody works on, and deploys what was published."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.logging import get_run_logger

from temanashi.clock import Clock
from temanashi.orchestration.deployments import sync_deployments
from temanashi.orchestration.driving import current_flow_run
from temanashi.orchestration.log_lines import redact_logs
from temanashi.orchestration.secret_blocks import resolver
from temanashi.orchestration.sweeping import sweep
from temanashi.workspace.afterwards import seal_tail
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

__all__ = ["watch"]

KEPT_HOURS = 1


@flow(name="temanashi-watch", validate_parameters=False, persist_result=False)
def watch() -> None:
    """Sweep, update deployments where a new version was published, seal the ledger, and tidy up after yesterday's watches."""
    logger = get_run_logger()
    with open_installation(create=False) as installation, get_client(sync_client=True) as client:
        engine = installation.engine(secret=resolver())
        redact_logs(engine.redactor)
        swept = sweep(engine, client, one_machine=installation.database.dialect == "sqlite")
        with installation.database.reading() as connection:
            published = current_version(connection, kinds=engine.kinds)
        synced = sync_deployments(client, installation.settings, published, now=installation.clock.now())
        for name, values in {**vars(swept), **vars(synced), "same": ()}.items():
            if values:
                logger.info("%s: %s", name, ", ".join(values))
        for problem in seal_tail(installation):
            logger.warning("%s", problem.text(installation.settings.language))
        _tidy(client, current_flow_run(), installation.clock)


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
