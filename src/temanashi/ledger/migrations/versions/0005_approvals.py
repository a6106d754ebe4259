"""Approvals: what was asked for, with the plan that it is bound to. Votes are in the ledger and nowhere else."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXTS = ("kind", "state", "digest", "plan", "rule", "opened_at", "until")


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in TEXTS),
        sa.Column("before", sa.Text),
    )
    op.create_index("approvals_state", "approvals", ["kind", "state"])
    op.add_column("runs", sa.Column("emergency", sa.Integer, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("again", sa.Text))


def downgrade() -> None:
    op.drop_column("runs", "again")
    op.drop_column("runs", "emergency")
    op.drop_table("approvals")
