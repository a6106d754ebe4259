"""Runs know how the person whom they are for was identified."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("identity_check", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("runs", "identity_check")
