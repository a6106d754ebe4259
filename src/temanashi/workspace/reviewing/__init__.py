"""Access reviews of an installation: opened, decided, carried out and re-read, closed, and packed as evidence."""

from __future__ import annotations

__all__: list[str] = []
"""Nothing is imported here, so that one command does not load what another needs."""
