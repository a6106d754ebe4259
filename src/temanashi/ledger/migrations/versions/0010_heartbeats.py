"""Heartbeats: jobs that tell of themselves, what they said last, and the digest of the token that is in their address."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, nullable=False, unique=True),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text),
        sa.Column("ended_at", sa.Text),
        sa.Column("succeeded_at", sa.Text),
        sa.Column("exit", sa.Integer),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("pings", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("heartbeats")
