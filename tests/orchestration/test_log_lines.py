"""Logs of a run's process: no secret, no forged line."""

import io
import logging

import pytest

from temanashi.errors import TargetError
from temanashi.orchestration.keeping_secrets import RunBroke, keeping_secrets
from temanashi.orchestration.log_lines import redact_logs
from temanashi.redaction import MASK, Redactor
from temanashi.text import LANGUAGES, explain

SECRET = "hunter22-hunter"


@pytest.fixture
def log():
    """A logger with a handler of its own, and what it wrote; the factory of records is put back afterwards."""
    before = logging.getLogRecordFactory()
    stream, logger = io.StringIO(), logging.getLogger("tests.log_lines")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(before)


def chained(outer):
    try:
        int(SECRET)
    except ValueError as error:
        raise outer from error


def test_a_secret_is_masked_in_messages_arguments_and_tracebacks(log):
    logger, stream = log
    redactor = Redactor()
    redact_logs(redactor)
    redactor.add(SECRET)  # learned later, as runs do
    logger.warning("in %s and %r", f"x{SECRET}x", {"k": SECRET})
    logger.warning(f"in the message {SECRET}")  # noqa: G004
    try:
        chained(RuntimeError("outer"))
    except RuntimeError:
        logger.exception("it broke")
    text = stream.getvalue()
    assert SECRET not in text
    assert text.count(MASK) >= 4
    assert "RuntimeError: outer" in text


def test_a_value_cannot_begin_a_line_of_its_own_nor_steer_a_terminal(log):
    logger, stream = log
    redact_logs()
    logger.warning("name %s: %s", "x\n2026-01-01 ERROR forged", ValueError("a\nb"))
    logger.warning("red %s", "\x1b[31m")
    logger.warning("three\nlines\nof ours")
    assert stream.getvalue().splitlines() == [
        r"name x\n2026-01-01 ERROR forged: a\nb",
        r"red \x1b[31m",
        "three",
        "lines",
        "of ours",
    ]


def test_a_line_that_does_not_fit_its_arguments_is_written_all_the_same(log):
    logger, stream = log
    redact_logs(Redactor([SECRET]))
    logger.warning("%d words", SECRET)
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().startswith("%d words")


def test_stacks_and_mappings_are_written(log):
    logger, stream = log
    redact_logs(Redactor([SECRET]))
    logger.warning("%(name)s", {"name": SECRET}, stack_info=True)
    assert stream.getvalue().startswith(f"{MASK}\nStack")


def test_asking_twice_makes_one_factory_with_both_redactors(log):
    logger, stream = log
    redact_logs(Redactor(["first-secret"]))
    redact_logs(Redactor(["second-secret"]))
    logger.warning("first-secret second-secret")
    assert stream.getvalue() == f"{MASK} {MASK}\n"


class Lost(TargetError):
    key = "hosts.cannot-start"


def test_an_error_of_ours_leaves_without_the_secret_and_without_its_cause(log):
    with pytest.raises(Lost) as caught, keeping_secrets(Redactor([SECRET])):
        chained(Lost(host="web1", program="curl", reason=f"said {SECRET}"))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_foreign_error_leaves_as_a_sentence_without_the_secret(log):
    from prefect.logging import disable_run_logger

    with disable_run_logger(), pytest.raises(RunBroke) as caught, keeping_secrets(Redactor([SECRET])):
        raise ValueError(f"no\nway {SECRET}")
    assert caught.value.__cause__ is None
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert rf"ValueError: no\nway {MASK}" in told.what
        assert told.next


def test_nothing_happens_to_what_goes_well(log):
    with keeping_secrets(Redactor([SECRET])):
        pass
