"""Alerts of other systems, each with the incident that it is part of: what is told again is known."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_members",
        sa.Column("group_id", sa.Text, primary_key=True),
        sa.Column("member", sa.Text, primary_key=True),
        sa.Column("incident", sa.Text, nullable=False),
        sa.Column("started", sa.Text, nullable=True),
        sa.Column("ended", sa.Text, nullable=True),
        sa.Column("acked", sa.Text, nullable=True),
        sa.Column("seen_at", sa.Text, nullable=False),
        sa.Column("over", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("alert_members")
