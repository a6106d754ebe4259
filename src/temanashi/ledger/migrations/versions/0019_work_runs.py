"""The work of a run is found by the run alone: SQLite without statistics would not use an index that begins with the chain."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.drop_index("ledger_work_run", "ledger_work")
    op.create_index("ledger_work_run", "ledger_work", ["run", "kind"])


def downgrade() -> None:
    op.drop_index("ledger_work_run", "ledger_work")
    op.create_index("ledger_work_run", "ledger_work", ["chain", "run", "kind"])
