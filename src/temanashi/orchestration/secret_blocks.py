"""Secrets that Prefect keeps: `prefect:BLOCK` read from its Secret blocks, at the moment a step asks."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from functools import partial

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from temanashi.secrets import resolve

__all__ = ["block_value", "resolver"]

TYPE = "secret"


def resolver() -> Callable[[str], str]:
    """A `resolve` that knows Secret blocks, for any thread of this process; it raises SecretMissing where there is none."""
    context = contextvars.copy_context()  # Prefect keeps its settings in a context variable, which a step's thread does not have

    def read(name: str) -> str | None:
        return context.copy().run(block_value, name)

    return partial(resolve, block=read)


def block_value(name: str) -> str | None:
    """The text that a Secret block holds; None without the block, or where it holds no text."""
    with get_client(sync_client=True) as client:
        try:
            found = client.read_block_document_by_name(name, TYPE, include_secrets=True)
        except ObjectNotFound:
            return None
    value = found.data.get("value")
    return value if isinstance(value, str) else None
