"""The name under which typed commands (`tema exec`) are on record."""

from __future__ import annotations

__all__ = ["ADHOC"]

ADHOC = "ad-hoc-command"
"""Id and task of their runs. It is no task of a group: nobody signs minutes for it, and the books leave it out."""
