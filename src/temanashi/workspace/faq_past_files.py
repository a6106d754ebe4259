"""Past inquiries from whatever kind of file they were kept in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from temanashi.workspace.faq_past import PastFile, read_list
from temanashi.workspace.faq_past_mail import is_mailbox, read_mailbox

__all__ = ["read_past"]


def read_past(file: Path, *, told: Callable[[int], None]) -> PastFile:
    """The inquiries of a list or a mailbox; `told` hears how many were read. Raises what `read_list` and `read_mailbox` raise."""
    return read_mailbox(file, told=told) if is_mailbox(file) else read_list(file, told=told)
