"""What a process of ours logs: secrets masked, and no value that begins a line of its own or steers the reader's terminal.

Where a record is made is the one place that every logger and every handler of Prefect shares; filters only see some of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from temanashi.redaction import Redactor, one_line, visible

__all__ = ["SafeRecords", "redact_logs"]


class SafeRecords:
    """A factory of log records that are safe to keep; `redactors` may grow while the process works."""

    def __init__(self, made: Callable[..., logging.LogRecord], *redactors: Redactor) -> None:
        self._made, self.redactors = made, list(redactors)

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """The record, rendered now: its arguments may hold a secret that its message does not."""
        record = self._made(*args, **kwargs)
        if isinstance(record.args, tuple):
            record.args = tuple(_told(argument) for argument in record.args)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  (a log line that does not fit its arguments must not stop a run)
            message = f"{record.msg} {record.args!r}"
        record.msg, record.args = self._clean(message), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = self._clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = self._clean(record.stack_info)
        return record

    def _clean(self, text: str) -> str:
        for redactor in self.redactors:
            text = redactor.text(text)
        return visible(text)


def redact_logs(redactor: Redactor | None = None) -> None:
    """From now on this process logs no secret that the redactor knows or will know."""
    current = logging.getLogRecordFactory()
    if not isinstance(current, SafeRecords):
        current = SafeRecords(current)
        logging.setLogRecordFactory(current)
    if redactor is not None:
        current.redactors.append(redactor)


def _told(argument: Any) -> Any:
    return one_line(str(argument)) if isinstance(argument, (str, BaseException)) else argument
