"""While a run works under Prefect: nothing that it logs or raises shows a secret, so that Prefect's database holds none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.logging import get_run_logger

from temanashi.errors import RunError, TemanashiError
from temanashi.orchestration.log_lines import redact_logs
from temanashi.redaction import MASK, Redactor, one_line
from temanashi.runbooks.inputs import NO_REFERENCE, BadInputs

__all__ = ["RunBroke", "forget_secrets", "keeping_secrets"]


class RunBroke(RunError):
    """Something unexpected was raised while a run worked; its own words, without secrets, are in `problem`."""

    key = "orchestration.run-broke"

    def __init__(self, problem: str) -> None:
        super().__init__(problem=problem)


def forget_secrets(flow_run: FlowRun, error: TemanashiError) -> None:
    """Take a secret that somebody typed where a reference belongs out of the flow run that Prefect keeps."""
    problems = error.problems if isinstance(error, BadInputs) else []
    typed = {str(problem.loc[0]) for problem in problems if problem.message.key == NO_REFERENCE}
    if typed:
        kept = {name: MASK if name in typed else value for name, value in flow_run.parameters.items()}
        with suppress(Exception), get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, parameters=kept)


@contextmanager
def keeping_secrets(redactor: Redactor) -> Iterator[None]:
    """Mask what the redactor knows in this process's logs and in errors that leave the block.

    Prefect stores the message of an exception in the flow run's state, and may store the exception: a foreign one is raised again
    as RunBroke, without its cause. Signals pass.
    """
    redact_logs(redactor)
    try:
        yield
    except TemanashiError as error:
        error.data = redactor.value(error.data)
        error.__cause__, error.__suppress_context__ = None, True
        raise
    except Exception as error:  # noqa: BLE001  (anything may hold a secret)
        get_run_logger().exception("the run broke")
        problem = one_line(redactor.text(f"{type(error).__name__}: {error}"))[:500]
    else:
        return
    raise RunBroke(problem)
