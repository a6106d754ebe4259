"""Sign-in: users, their roles, sessions, failed tries, and tokens of programs. Secrets only as hashes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _texts(*names: str, optional: tuple[str, ...] = ()) -> list["sa.Column[Any]"]:
    return [*(sa.Column(name, sa.Text, nullable=False) for name in names), *(sa.Column(name, sa.Text) for name in optional)]


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("name", "password", "state", "made_at", "changed_at", optional=("signed_in_at",)),
        sa.Column("one_time", sa.Integer, nullable=False),
    )
    op.create_table(
        "user_roles",
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        *_texts("given_at"),
    )
    op.create_table(
        "role_requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), nullable=False),
        *_texts("role", "verb", "state", "asked_by", "asked_at", optional=("decided_by", "decided_at")),
    )
    op.create_index("role_requests_state", "role_requests", ["state"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), nullable=False),
        *_texts("made_at", "seen_at", "until", "address", optional=("ended_at",)),
    )
    op.create_index("sessions_user", "sessions", ["user", "ended_at"])
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        *_texts("last_at", "locked_until"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id")),
        *_texts("name", "scopes", "made_by", "made_at", optional=("until", "seen_at", "ended_at")),
    )


def downgrade() -> None:
    for table in ("tokens", "sign_in_failures", "sessions", "role_requests", "user_roles", "users"):
        op.drop_table(table)
