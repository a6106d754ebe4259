"""The body of every runbook's flow: a thin driver around `advance`. The journal knows the truth; Prefect shows and wakes it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.logging import get_run_logger
from prefect.states import Cancelled

from temanashi.errors import LedgerError, RunError, ServerError, TemanashiError
from temanashi.orchestration.approving import ask_approval
from temanashi.orchestration.artifacts import leave_artifacts
from temanashi.orchestration.asking import Asker, asker, expected_day
from temanashi.orchestration.confirming import ask
from temanashi.orchestration.display import Display
from temanashi.orchestration.environment import base_url
from temanashi.orchestration.final_states import final_state, refused_state
from temanashi.orchestration.keeping_secrets import forget_secrets, keeping_secrets
from temanashi.orchestration.occurring import due_of, not_started_state, request_due
from temanashi.orchestration.queueing import stand_in_line, wake_next
from temanashi.orchestration.secret_blocks import resolver
from temanashi.people import Actor
from temanashi.runbooks.calls import called_by
from temanashi.runbooks.model import Runbook
from temanashi.runs.advancing import advance
from temanashi.runs.checklist_closing import answerable
from temanashi.runs.decisions import decide
from temanashi.runs.engine import Engine
from temanashi.runs.overlap import NotItsTurn, Overlapping
from temanashi.runs.reading import by_flow_run, run_view
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.results import AlreadyEnded, Finished, NotWaiting, RunBusy, Waiting
from temanashi.runs.stopping import cancel
from temanashi.settings import Settings
from temanashi.text import Lang, Phrase
from temanashi.workspace.afterwards import after_refusal, after_run
from temanashi.workspace.beginning import NotStarted
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import PublishedWorkspace, current_version

__all__ = ["NotInFlow", "NotPublished", "carry_through", "current_flow_run", "drive", "record_cancellation", "requested"]

UI = Actor(name="prefect-ui")
BUSY_SECONDS = 1.0


class NotPublished(RunError):
    """The runbook is not among what is published, so nothing may run it."""

    key = "orchestration.not-published"

    def __init__(self, runbook: str) -> None:
        super().__init__(runbook=runbook)


class NotInFlow(ServerError):
    """Something that only a Prefect flow run can do was called elsewhere."""

    key = "orchestration.not-in-flow"


def current_flow_run() -> FlowRun:
    """The flow run that this code is in; raises NotInFlow."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise NotInFlow
    return context.flow_run


def drive(function: str, inputs: Mapping[str, Any]) -> State[Any]:
    """Run the published runbook whose flow function is `function`, to its end or to a wait; the final state for Prefect."""
    flow_run = current_flow_run()
    with open_installation(create=False) as installation, Display(flow_run, installation.settings.language) as display:
        settings, engine = installation.settings, installation.engine(display, secret=resolver())
        lang = settings.language
        try:
            with keeping_secrets(engine.redactor):
                run = requested(engine, flow_run, lambda runbook: runbook.function == function, inputs, name=function)
                display.call_it(_called(engine, run, lang))
                finished = carry_through(engine, run, settings=settings)
        except (NotStarted, Overlapping) as error:
            get_run_logger().warning("%s", error)
            return not_started_state(error, lang=lang)
        except TemanashiError as error:
            forget_secrets(flow_run, error)
            get_run_logger().error("%s", error)
            _warn(after_refusal(installation, function, error), lang)
            return refused_state(error, lang=lang)
        wake_next(engine)
        with engine.database.reading() as connection:
            view = run_view(connection, run)
        _warn(after_run(installation, view), lang)
    leave_artifacts(view, lang=lang, zone=settings.zone, page=f"{base_url(settings)}/tema/runs/{run}")
    return final_state(finished, lang=lang)


def _warn(problems: list[Phrase], lang: Lang) -> None:
    for problem in problems:
        get_run_logger().warning("%s", problem.text(lang))


def _called(engine: Engine, run: str, lang: Lang) -> str:
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    return f"{view.title.text(lang)} {view.requested_at.astimezone(engine.zone):%m-%d %H:%M}"


def requested(
    engine: Engine, flow_run: FlowRun, which: Callable[[Runbook], bool], inputs: Mapping[str, Any], *, name: str, part: str = ""
) -> str:
    """The run of this flow run: the one that it asked for before (Prefect re-enters a flow after a wait), else a new one.

    `part` tells apart several runs of one flow run.
    """
    key = f"{flow_run.id}{part}"
    with engine.database.reading() as connection:
        known = by_flow_run(connection, key)
        published = current_version(connection, kinds=engine.kinds) if known is None else None
    if known is not None:
        return known
    runbook = next((r for r in published.runbooks.values() if which(r)), None) if published is not None else None
    if published is None or runbook is None:
        raise NotPublished(name)
    due = None if part else due_of(engine, flow_run, published, runbook, inputs)
    if due is not None:
        return request_due(engine, published, due, flow_run, partial(_request, published, runbook, inputs, key))
    slot = None if runbook.toil.demand.on_request else expected_day(flow_run, engine.zone)
    return request_run(engine, _request(published, runbook, inputs, key, asker(flow_run), slot=slot))


def _request(
    published: PublishedWorkspace, runbook: Runbook, inputs: Mapping[str, Any], key: str, asked: Asker, **more: Any
) -> RunRequest:
    return RunRequest(
        runbook=runbook,
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=inputs,
        actor=asked.actor,
        channel=asked.channel,
        ticket=asked.ticket,
        beneficiary=asked.beneficiary,
        reason=asked.reason,
        identity_check=asked.identity_check,
        again=asked.again,
        flow_run=key,
        called=called_by(runbook, published.runbooks),
        **more,
    )


def carry_through(engine: Engine, run: str, *, settings: Settings) -> Finished:
    """Advance a run until it is over. A wait suspends the flow run, which ends this process; Resume comes back here."""
    try:
        while isinstance(result := _advanced(engine, run), Waiting):
            if result.kind == "approval":
                ask_approval(engine, result, languages=settings.languages, signed_in=settings.gate.sign_in)
                continue
            with engine.database.reading() as connection:
                whole = answerable(connection, result.run, result.step)
            _take_answer(engine, result, settings=settings, whole=whole)
    except TerminationSignal:
        _cancel(engine, run, "stopped by a signal")
        _tell_prefect()
        raise
    return result


def _take_answer(engine: Engine, waiting: Waiting, *, settings: Settings, whole: bool) -> None:
    """Ask a person, and decide what they say; where people sign in, the gate has decided by the time that an answer comes."""

    def is_open() -> bool:
        with engine.database.reading() as connection:
            now = run_view(connection, waiting.run).wait
        return now is not None and now.step == waiting.step

    page = f"{base_url(settings)}/tema/runs/{waiting.run}"
    seen = is_open if settings.gate.sign_in else None
    answer = ask(waiting, languages=settings.languages, page=page, whole=whole, is_open=seen)
    if answer is None:
        return
    with contextlib.suppress(NotWaiting):  # decided elsewhere in the meantime: just go on
        decide(
            engine,
            waiting.run,
            actor=Actor(name=answer.name),
            channel="form",
            verdict=answer.verdict,
            note=answer.note,
            human_seconds=answer.human_seconds,
        )


def _advanced(engine: Engine, run: str) -> Finished | Waiting:
    """`advance`, once the process that works on the run now (`tema resume`, say) has let go of it."""
    told = False
    while True:
        try:
            return advance(engine, run)
        except NotItsTurn as waits:  # the run itself, or one that it calls
            stand_in_line(engine, waits.data["run"])
        except RunBusy as busy:
            if not told:
                get_run_logger().info("%s", busy)
            told = True
            engine.clock.sleep(BUSY_SECONDS)


def _cancel(engine: Engine, run: str, reason: str) -> None:
    with contextlib.suppress(AlreadyEnded, LedgerError):
        cancel(engine, run, actor=UI, channel="form", reason=reason)


def _tell_prefect() -> None:
    """Without this, a worker that is being stopped would leave a crash where the record says cancelled."""
    flow_run = current_flow_run()
    with contextlib.suppress(Exception), get_client(sync_client=True) as client:
        state: State[Any] = Cancelled()
        client.set_flow_run_state(flow_run.id, state, force=True)
        flow_run.state = state


def record_cancellation(flow_run: UUID) -> None:
    """Called by the worker after it ended the process of a cancelled flow run: should that process have died without a word, the
    record still says cancelled.
    """  # noqa: D205
    with open_installation(create=False) as installation:
        engine = installation.engine()
        with engine.database.reading() as connection:
            run = by_flow_run(connection, str(flow_run))
        if run is not None:
            _cancel(engine, run, "cancelled in Prefect")
