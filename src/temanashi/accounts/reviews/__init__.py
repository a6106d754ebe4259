"""Access review (棚卸し): who has accounts where, what is wrong with them, and what was decided about each."""

from __future__ import annotations

__all__: list[str] = []
"""Nothing is imported here, so that loading a workspace reads `register` alone."""
