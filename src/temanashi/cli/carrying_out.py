"""Carrying a run out at the terminal: what is published, the progress, the answer, and what follows a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temanashi.cli.language import language
from temanashi.cli.output import emit, progress, say_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from temanashi.runs.engine import Engine
    from temanashi.runs.results import Finished, Waiting
    from temanashi.workspace.opening import Installation

__all__ = ["carry_out", "published_here"]


def published_here(installation: Installation) -> Any:
    """The published version; the very first one is published on the way, and said."""
    from temanashi.workspace.first import published_or_first

    published, note = published_or_first(installation)
    if note is not None:
        progress(note.text(language()))
    return published


def carry_out(
    installation: Installation, engine: Engine, run: str, *, as_json: bool, show: Callable[..., None] | None = None
) -> int:
    """Advance a run, show how it ended or what it waits for, and do what follows a run; the exit code.

    `show` is called in place of `show_result`.
    """
    from temanashi.cli.interrupting import ended_like_ctrl_c
    from temanashi.cli.showing_runs import exit_code, show_result
    from temanashi.runs.reading import run_view
    from temanashi.workspace.afterwards import after_run

    try:
        with ended_like_ctrl_c():
            result = _in_turn(engine, run)
    except KeyboardInterrupt:
        _give_up(engine, run)
        progress(say_here("cli.run-interrupted", run=run), style="red")
        with installation.database.reading() as connection:
            view = run_view(connection, run)
        if as_json:
            emit({"exit": 5, **view.model_dump(mode="json")})
        after_run(installation, view)
        return 5
    with installation.database.reading() as connection:
        view = run_view(connection, run)
    (show or show_result)(result, view, as_json=as_json)
    for problem in after_run(installation, view):
        progress(problem.text(language()), style="yellow")
    return exit_code(result)


def _in_turn(engine: Engine, run: str) -> Finished | Waiting:
    """`advance`, once runs of the same runbook that go first are over."""
    from temanashi.runs.advancing import advance
    from temanashi.runs.overlap import NotItsTurn, wait_for_turn

    def tell(ahead: str) -> None:
        progress(say_here("cli.queued", run=run, ahead=ahead))

    while True:
        try:
            return advance(engine, run)
        except NotItsTurn as waits:  # the run itself, or one that it calls
            wait_for_turn(engine, waits.data["run"], seconds=float("inf"), tell=tell)


def _give_up(engine: Engine, run: str) -> None:
    """A run that was interrupted before its turn came would stay in the queue."""
    from contextlib import suppress

    from temanashi.people import current_actor
    from temanashi.runs.results import AlreadyEnded
    from temanashi.runs.stopping import cancel as end

    with suppress(AlreadyEnded):
        end(engine, run, actor=current_actor(None), channel="cli", reason="Ctrl-C")
