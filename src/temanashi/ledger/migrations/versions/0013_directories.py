"""People of other directories: which user an account there is here, the roles of groups there, and how a session began."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_links",
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("way", sa.Text, primary_key=True),
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("made_at", sa.Text, nullable=False),
    )
    op.create_index("user_links_subject", "user_links", ["way", "directory", "subject"], unique=True)
    op.create_table(
        "group_roles",
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("way", sa.Text, primary_key=True),
        sa.Column("given_at", sa.Text, nullable=False),
    )
    op.add_column("sessions", sa.Column("hint", sa.Text))


def downgrade() -> None:
    op.drop_column("sessions", "hint")
    op.drop_table("group_roles")
    op.drop_index("user_links_subject", "user_links")
    op.drop_table("user_links")
