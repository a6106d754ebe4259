"""The run journal, beside the ledger, so that both are written in the same transaction."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("runbook", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("workspace_version", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("beneficiary", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("request_reason", sa.Text, nullable=False),
        sa.Column("flow_run", sa.Text, unique=True),
        sa.Column("frozen", sa.Text, nullable=False),
        sa.Column("plan_digest", sa.Text, nullable=False),
        sa.Column("requested_at", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text),
        sa.Column("ended_at", sa.Text),
        sa.Column("cancel", sa.Text),
        sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.Text),
    )
    op.create_index("runs_state", "runs", ["state", "requested_at"])
    op.create_table(
        "journal",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("iteration", sa.Integer, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("intended_at", sa.Text),
        sa.Column("ended_at", sa.Text),
    )
    op.create_index("journal_order", "journal", ["run", "position"])
    op.create_table(
        "journal_steps",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "waits",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("until", sa.Text),
        sa.Column("decision", sa.Text),
    )
    op.create_table("flags", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))


def downgrade() -> None:
    for table in ("flags", "waits", "journal_steps", "journal", "runs"):
        op.drop_table(table)
