"""Links in letters to approvers that were used: each works once. Only their hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "used_links",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("used_links")
