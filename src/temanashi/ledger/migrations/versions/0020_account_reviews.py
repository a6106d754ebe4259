"""Populations of accounts as they were read, and reviews of them: what is kept beside the records that tell of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "account_populations",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("kept_at", sa.Text, nullable=False),
    )
    op.create_table(
        "account_snapshots",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("taken_at", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "query", "digest", "reason")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("accounts", "seq")),
    )
    op.create_table(
        "account_reviews",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("state", "opened_at", "content")),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    op.create_table(
        "account_review_lines",
        sa.Column("review", sa.Text, primary_key=True),
        sa.Column("line", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("place", "login", "content", "digest")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("decision", "decided", "result")),
    )
    op.create_index("account_review_order", "account_review_lines", ["review", "position"])
    op.create_table(
        "account_review_findings",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("review", "kind", "line")),
    )


def downgrade() -> None:
    for name in ("findings", "lines"):
        op.drop_table(f"account_review_{name}")
    for name in ("reviews", "snapshots", "populations"):
        op.drop_table(f"account_{name}")
