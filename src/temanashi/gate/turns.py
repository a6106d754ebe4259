"""Prefect's SQLite database, its writers in turns.

Prefect begins most transactions as readers and lets them write later. When another one wrote in between, SQLite refuses at once,
and with a few requests at a time the server answers 500 and 503, or not at all for a minute. Begun as writers, they wait instead.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import get_current_settings
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

__all__ = ["WritersInTurn", "take_turns"]


class WritersInTurn(AioSqliteConfiguration):
    """Every transaction takes the write lock when it begins. Reads outside transactions stay as they are."""

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,  # noqa: ARG002, FBT001, FBT002  (Prefect's signature)
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """A transaction that waits for its turn."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def take_turns() -> None:
    """Use it for the server of this process, where the database is SQLite. Before the application is built."""
    url = get_current_settings().server.database.connection_url
    if url is not None and url.get_secret_value().startswith("sqlite"):
        set_database_config(WritersInTurn(url.get_secret_value()))
