"""Flow control: the undo register, which run a run belongs to, and who called it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column for the inverse of each change; the change that called a run; the run that a retry or an undo answers to."""
    op.add_column("journal", sa.Column("undo", sa.Text))
    op.add_column("runs", sa.Column("parent", sa.Text))
    op.add_column("runs", sa.Column("origin", sa.Text))
    op.create_index("runs_parent", "runs", ["parent"], unique=True)
