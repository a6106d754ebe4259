"""Access that ends: what was given or left open until a moment that its target cannot keep by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_ends",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("login", "target", "directory", "group_name", "ends_at", "state")),
        *(sa.Column(name, sa.Text) for name in ("run", "step", "made_at", "tried_at", "told_at", "ended_at", "ended_by", "reason")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("iteration", "tries")),
    )
    op.create_index("access_ends_open", "access_ends", ["state", "ends_at"])
    op.create_table(
        "rosters",
        sa.Column("digest", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "accepted_at", "accepted_by", "run", "people")),
    )


def downgrade() -> None:
    op.drop_table("rosters")
    op.drop_index("access_ends_open", "access_ends")
    op.drop_table("access_ends")
