"""Schedules: turns of overlapping runs, holds, skips, and what should have happened."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("runbook", sa.Text, nullable=False),
        sa.Column("work", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("taken_at", sa.Text),
        sa.Column("seen_at", sa.Text, nullable=False),
    )
    op.create_index("turns_runbook", "turns", ["runbook", "place"])
    op.create_table(
        "holds",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("runbook", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("until", sa.Text),
        sa.Column("remind_days", sa.Integer),
        sa.Column("remind_at", sa.Text),
        sa.Column("ended_at", sa.Text),
        sa.Column("ended_by", sa.Text),
    )
    op.create_table(
        "skips",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("runbook", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("at", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.Column("ended_by", sa.Text),
    )
    op.create_table(
        "occurrences",
        sa.Column("runbook", sa.Text, primary_key=True),
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, primary_key=True),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("run", sa.Text),
        sa.Column("flow_run", sa.Text),
        sa.Column("noted_at", sa.Text, nullable=False),
        sa.Column("alarm", sa.Text),
        sa.Column("told_at", sa.Text),
        sa.Column("recovered_at", sa.Text),
    )
    op.create_index("occurrences_at", "occurrences", ["at"])
    op.create_index("occurrences_state", "occurrences", ["state", "due"])


def downgrade() -> None:
    for table in ("occurrences", "skips", "holds", "turns"):
        op.drop_table(table)
