"""The worker: Prefect's own, except that a run starts in a fork of a process that has everything imported."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.abc
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flows import load_flow_from_flow_run
from prefect.runner._flow_run_executor import FlowRunExecutionResult, FlowRunExecutorContext
from prefect.runner._process_manager import ProcessHandle
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from temanashi.calendars import day_of
from temanashi.orchestration.deployments import ensure_pool, sync_deployments
from temanashi.orchestration.environment import POOL
from temanashi.orchestration.fork_starter import ForkStarter, forkserver
from temanashi.orchestration.log_lines import redact_logs
from temanashi.orchestration.secret_blocks import resolver
from temanashi.orchestration.sweeping import sweep
from temanashi.settings import Settings
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version
from temanashi.workspace.scheduling import left_out_by_persons

__all__ = ["TemanashiWorker", "serve"]

PASSED = ("PREFECT__FLOW_ID", "PREFECT__FLOW_NAME", "PREFECT__DEPLOYMENT_ID", "PREFECT__DEPLOYMENT_NAME")


class _Variables(BaseVariables):
    """Nothing of a deployment or of a request decides how the process starts."""


class _Result(BaseWorkerResult):
    """How the process of a run ended."""


class TemanashiWorker(BaseWorker[BaseJobConfiguration, _Variables, _Result]):
    """Starts flow runs from a forkserver. `job_variables` that name commands, folders or variables are ignored."""

    type = POOL
    job_configuration = BaseJobConfiguration
    job_configuration_variables = _Variables
    _description = "Runs runbooks in processes forked from one that has Prefect already."
    _display_name = "temanashi"
    _forkserver: ForkServerContext | None = None

    async def setup(self) -> None:
        """Start the forkserver before the first run asks for it; raises PreloadFailed."""
        self._forkserver = await anyio.to_thread.run_sync(forkserver)
        await super().setup()

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> _Result:
        """Run one flow run to its end, under Prefect's executor."""
        execution: FlowRunExecutionResult | None = None
        async with FlowRunExecutorContext() as context:
            env = {name: value for name in PASSED if (value := configuration.env.get(name))}
            starter = ForkStarter(
                cast("ForkServerContext", self._forkserver), directory=str(Path.cwd()), env=env, control=context.control_channel
            )
            executor = context.create_executor(flow_run, starter, resolve_flow=load_flow_from_flow_run, propose_submitting=False)

            async def execute(*, task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED) -> None:
                nonlocal execution
                execution = await executor.submit(task_status=task_status)

            async with anyio.create_task_group() as group:
                handle = await group.start(execute)
                if task_status is not None:
                    task_status.started(handle.pid)
        if execution is None or execution.status_code is None:
            raise RuntimeError("the process of the flow run did not start")
        return _Result(status_code=execution.status_code, identifier=str(execution.handle.pid))


def serve(settings: Settings, *, ready: Callable[[dict[str, Any]], None]) -> None:
    """Bring Prefect up to date, wake what a crash left behind, then work until SIGTERM. `ready` hears what was done.

    Prefect's environment must be set. Raises PreloadFailed, LedgerError and ServerError.
    """
    with open_installation(settings.root) as installation, get_client(sync_client=True) as client:
        ensure_pool(client)
        engine = installation.engine(secret=resolver())
        redact_logs(engine.redactor)
        with installation.database.reading() as connection:
            published = current_version(connection, kinds=engine.kinds)
            now = installation.clock.now()
            left_out = left_out_by_persons(connection, now, day_of(now, engine.zone))
        synced = sync_deployments(client, settings, published, now=now, left_out=left_out)
        swept = sweep(engine, client, settle=0, one_machine=not settings.database_url)
    asyncio.run(_work(lambda: ready({**vars(synced), **vars(swept)})))


async def _work(started: Callable[[], None]) -> None:
    worker = TemanashiWorker(work_pool_name=POOL, name=socket.gethostname(), create_pool_if_not_found=False)
    told = False

    def print_like(*_: object) -> None:  # Prefect prints that the worker started, and at the end that it stopped
        nonlocal told
        if not told:
            started()
        told = True

    task = asyncio.ensure_future(worker.start(printer=print_like))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
