"""What checks keep for their next measurement: positions in logs, boot ids, sizes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "check_memory",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("runbook", "step", "target", "name")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("value", "run", "kept_at")),
    )


def downgrade() -> None:
    op.drop_table("check_memory")
