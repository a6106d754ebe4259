"""The language that a person chose, and under which user name a directory knows them: it is asked again while they are here."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("lang", sa.Text))
    op.add_column("user_links", sa.Column("username", sa.Text))


def downgrade() -> None:
    op.drop_column("user_links", "username")
    op.drop_column("users", "lang")
