"""All inquiries of a process's installation, kept between requests: only records that are new are read."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from sqlalchemy import Connection

from temanashi.faq.inquiries import Inquiry, after
from temanashi.ledger.ledger import Ledger

__all__ = ["InquiryBook"]


class InquiryBook:
    """Safe to share between threads. A ledger that was restored to an earlier state is read anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq, self._hash = 0, ""
        self._known: dict[str, Inquiry] = {}

    def read(self, ledger: Ledger, connection: Connection) -> Mapping[str, Inquiry]:
        """Every inquiry by its number, as the records stand. Raises LedgerError."""
        with self._lock:
            head = ledger.head(connection)
            if (head.seq, head.hash) == (self._seq, self._hash):
                return self._known
            last = ledger.get(connection, self._seq) if self._seq else None
            if head.seq < self._seq or (last is not None and last.hash != self._hash):
                self._known, self._seq = {}, 0
            self._known = after(self._known, ledger.records(connection, kinds=("inquiry",), after=self._seq))
            self._seq, self._hash = head
            return self._known
