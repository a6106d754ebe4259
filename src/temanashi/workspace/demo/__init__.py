"""A separate, clearly marked workspace with a year of made-up records, for a look at the report before one has a year."""

from __future__ import annotations

from temanashi.workspace.demo.filling import DemoMade, fill_demo
from temanashi.workspace.demo.mark import is_sample

__all__ = ["DemoMade", "fill_demo", "is_sample"]
