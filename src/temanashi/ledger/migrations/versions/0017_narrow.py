"""Narrow tables for reports: work of runs and demand, for the records that are there already too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from temanashi.ledger.narrow import fill_rows

revision = "0017"
down_revision = "0016"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "ledger_work",
        sa.Column("chain", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("task", "runbook", "run", "slot"),
        sa.Column("slot_day", sa.Integer, nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        *_texts("outcome", "step"),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        *_texts("targets"),
        sqlite_with_rowid=False,
    )
    op.create_index("ledger_work_run", "ledger_work", ["chain", "run", "kind"])
    op.create_table(
        "ledger_demand",
        sa.Column("chain", sa.String(40), primary_key=True),
        sa.Column("cancelled", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("unit", sa.String(32), primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        *_texts("task", "slot"),
        sa.Column("targets", sa.BigInteger, nullable=False),
        *_texts("source", "actor", "ticket", "beneficiary", "reason"),
        sqlite_with_rowid=False,
    )
    op.create_index("ledger_demand_day", "ledger_demand", ["chain", "day", "at"])
    fill_rows(op.get_bind())


def downgrade() -> None:
    op.drop_table("ledger_demand")
    op.drop_table("ledger_work")
