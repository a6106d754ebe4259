"""What a forked child does: become one flow run, as `python -m prefect.engine` would in a fresh Python.

Nothing heavy is imported at the top: the forkserver has it already, or the preload failed and the child says so.
"""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun

__all__ = ["PRELOAD", "probe", "run_flow_run"]

PRELOAD = "temanashi.orchestration.preloaded"


def _preloaded() -> str:
    """Empty when the preload worked, else what is wrong: multiprocessing swallows import errors of a preload."""
    if PRELOAD in sys.modules:
        threads = int(sys.modules[PRELOAD].THREADS)
        return "" if threads == 1 else f"{threads} threads after the preload"
    import importlib  # noqa: PLC0415  (only to find the reason)

    try:
        importlib.import_module(PRELOAD)
    except Exception as error:  # noqa: BLE001  (whatever it is, the worker has to show it)
        return f"{type(error).__name__}: {error}"
    return "the forkserver started without it"


def probe(answer: Connection) -> None:
    """Tell the worker whether a child finds everything preloaded."""
    answer.send(_preloaded())
    answer.close()


def run_flow_run(flow_run_id: UUID, env: dict[str, str], directory: str, ready: Connection) -> None:
    """Run one flow run to its end. `ready` hears of it once the child leads a process group, so that Cancel ends all of it."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for `tema up`, which then stops the worker in order
    os.environ.update(env)
    os.chdir(directory)
    ready.send(True)
    ready.close()
    _execute(flow_run_id)


def _execute(flow_run_id: UUID) -> None:
    from prefect._internal.control_listener import configure_from_env  # noqa: PLC0415
    from prefect.context import SettingsContext, get_settings_context  # noqa: PLC0415
    from prefect.engine import handle_engine_signals  # noqa: PLC0415
    from prefect.logging.configuration import setup_logging  # noqa: PLC0415
    from prefect.settings.models.root import Settings  # noqa: PLC0415

    configure_from_env()
    # The forkserver's settings are those of the moment it started.
    with SettingsContext(profile=get_settings_context().profile, settings=Settings()):
        setup_logging(incremental=False)
        with handle_engine_signals(flow_run_id):
            _run(flow_run_id)


def _run(flow_run_id: UUID) -> None:
    from prefect.engine import _drive_run_flow_result  # noqa: PLC0415
    from prefect.flow_engine import load_flow, load_flow_run, run_flow  # noqa: PLC0415
    from prefect.logging.loggers import flow_run_logger  # noqa: PLC0415

    flow_run = load_flow_run(flow_run_id)
    logger = flow_run_logger(flow_run)
    try:
        flow = load_flow(flow_run)
    except Exception:
        logger.exception("The flow could not be loaded")
        raise
    # As a state, not as a result: a run that ended Critical is no exception of this process.
    result = run_flow(flow, flow_run=flow_run, parameters=_collected(flow, flow_run), return_type="state")
    _drive_run_flow_result(flow, result)


def _collected(flow: Flow[..., Any], flow_run: FlowRun) -> dict[str, Any] | None:
    """Values for a flow that takes any name (`**inputs`): the runbook judges them, in its own words, not Python's signature."""
    from inspect import Parameter, signature  # noqa: PLC0415

    from prefect.utilities.callables import collapse_variadic_parameters  # noqa: PLC0415

    if all(p.kind is not Parameter.VAR_KEYWORD for p in signature(flow.fn).parameters.values()):
        return None
    return collapse_variadic_parameters(flow.fn, flow_run.parameters)
