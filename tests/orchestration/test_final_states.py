import pytest
from prefect.client.schemas.objects import StateType

from temanashi.changes import Verdict
from temanashi.errors import InputError
from temanashi.orchestration.final_states import final_state, refused_state
from temanashi.runs.results import Finished
from temanashi.text import phrase


def finished(outcome, verdict=None, reason=None):
    return Finished(run="r", outcome=outcome, verdict=verdict, reason=reason)


@pytest.mark.parametrize(
    ("outcome", "verdict", "kind", "name"),
    [
        ("done", None, StateType.COMPLETED, "Completed"),
        ("done", Verdict.OK, StateType.COMPLETED, "Completed"),
        ("done", Verdict.SKIPPED, StateType.COMPLETED, "Completed"),
        ("done", Verdict.WARNING, StateType.COMPLETED, "Warning"),
        ("done", Verdict.CRITICAL, StateType.FAILED, "Critical"),
        ("done", Verdict.UNKNOWN, StateType.FAILED, "Unknown"),
        ("unknown", Verdict.OK, StateType.FAILED, "Unknown"),
        ("failed", None, StateType.FAILED, "Failed"),
        ("failed", Verdict.WARNING, StateType.FAILED, "Failed"),
        ("refused", None, StateType.FAILED, "Refused"),
        ("cancelled", Verdict.OK, StateType.CANCELLED, "Cancelled"),
    ],
)
def test_what_did_not_run_or_was_not_measured_is_never_green(outcome, verdict, kind, name):
    state = final_state(finished(outcome, verdict), lang="en")
    assert (state.type, state.name) == (kind, name)


@pytest.mark.parametrize(("lang", "words"), [("ja", ("完了", "異常")), ("en", ("Done", "Critical"))])
def test_the_message_says_it_in_the_readers_language(lang, words):
    message = final_state(finished("done", Verdict.CRITICAL, phrase("runs.not-reached")), lang=lang).message
    assert all(word in message for word in words)
    assert phrase("runs.not-reached").text(lang) in message


def test_a_refused_request_says_what_to_do():
    class Wrong(InputError):
        key = "orchestration.not-deployed"

    state = refused_state(Wrong(runbook="nightly"), lang="en")
    assert state.type is StateType.FAILED
    assert "nightly" in state.message
    assert "tema publish" in state.message
