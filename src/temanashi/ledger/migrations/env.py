"""Run by Alembic: migrates through the connection, and in the transaction, that the opener of the database hands over."""

from __future__ import annotations

from alembic import context

__all__: list[str] = []

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
