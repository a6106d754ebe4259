"""Starting a flow run by forking a process that has Prefect already."""

from __future__ import annotations

import contextlib
import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, cast

import anyio
import anyio.abc
import anyio.to_thread
from prefect.client.schemas.objects import FlowRun
from prefect.runner._control_channel import ControlChannel
from prefect.runner._process_manager import ProcessHandle, create_isolated_termination_scope

from temanashi.errors import ServerError
from temanashi.orchestration.child import PRELOAD, probe, run_flow_run

__all__ = ["ForkStarter", "PreloadFailed", "forkserver"]

READY_SECONDS = 30.0
STOP_SECONDS = 20.0


class PreloadFailed(ServerError):
    """The process that runs are forked from could not import what they need."""

    key = "orchestration.preload-failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


def forkserver() -> ForkServerContext:
    """A forkserver with Prefect preloaded, tried out once; raises PreloadFailed. One a process: Python has only one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOAD])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=probe, args=(sender,), name="temanashi-probe")
    process.start()
    sender.close()
    try:
        problem = str(receiver.recv()) if receiver.poll(READY_SECONDS) else "no answer"
    except EOFError:
        problem = "the trial process died"
    finally:
        receiver.close()
    process.join(READY_SECONDS)
    if problem:
        raise PreloadFailed(problem)
    return context


class ForkStarter:
    """A starter for Prefect's `FlowRunExecutor`: cancelling, hooks and crash detection stay Prefect's."""

    def __init__(self, context: ForkServerContext, *, directory: str, env: dict[str, str], control: ControlChannel | None) -> None:
        self._context, self._directory, self._env, self._control = context, directory, env, control

    async def start(self, flow_run: FlowRun, task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED) -> None:
        """Fork, hand the process over, and wait for its end."""
        env = self._env | {"PREFECT__FLOW_RUN_ID": str(flow_run.id), "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false"}
        if self._control is not None:
            try:
                port, token = self._control.register(flow_run.id)
            except RuntimeError:  # no listener could be bound; Prefect then cancels by signal alone
                self._control = None
            else:
                env |= {"PREFECT__CONTROL_PORT": str(port), "PREFECT__CONTROL_TOKEN": token}
        try:
            process = await anyio.to_thread.run_sync(self._fork, flow_run, env)
        except BaseException:
            if self._control is not None:
                self._control.unregister(flow_run.id)
            raise
        handle = ProcessHandle(cast("Any", process), create_isolated_termination_scope(cast("int", process.pid)))
        try:
            task_status.started(handle)
            await anyio.wait_readable(process.sentinel)
        finally:
            with anyio.CancelScope(shield=True):
                await _ended(process, handle)

    def _fork(self, flow_run: FlowRun, env: dict[str, str]) -> ForkServerProcess:
        receiver, sender = self._context.Pipe(duplex=False)
        arguments = (flow_run.id, env, self._directory, sender)
        process = self._context.Process(target=run_flow_run, args=arguments, name=f"flow-run-{flow_run.name}")
        process.start()
        sender.close()
        _await_ready(receiver, process)
        return process


async def _ended(process: ForkServerProcess, handle: ProcessHandle) -> None:
    """Collect the process; when the worker is being stopped, end it first, so that its record says cancelled."""
    for end in (handle.graceful_kill, handle.hard_kill):
        if not process.is_alive():
            break
        with contextlib.suppress(ProcessLookupError):
            end()
        with anyio.move_on_after(STOP_SECONDS):
            await anyio.wait_readable(process.sentinel)
    process.join()


def _await_ready(receiver: Connection, process: ForkServerProcess) -> None:
    try:
        if not receiver.poll(READY_SECONDS):
            process.kill()
            raise PreloadFailed("a forked process did not answer")
        receiver.recv()
    except EOFError as error:
        process.join()
        raise PreloadFailed("a forked process died at once") from error
    finally:
        receiver.close()
