"""Monitoring: the state of every check, problems, alerts and what is sent of them, maintenance and acknowledgements."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _texts(*names: str, optional: tuple[str, ...] = ()) -> list["sa.Column[Any]"]:
    return [*(sa.Column(name, sa.Text, nullable=False) for name in names), *(sa.Column(name, sa.Text) for name in optional)]


def _key() -> list["sa.Column[Any]"]:
    return [
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("runbook", "step", "name", "target")),
        sa.Column("item", sa.Integer, primary_key=True),
    ]


def upgrade() -> None:
    op.create_table("monitored_runs", sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), primary_key=True), *_texts("noted_at"))
    op.create_table(
        "check_states",
        *_key(),
        *_texts("kind", "owner", "verdict", "reason", "run", "at", "slots"),
        *_texts(optional=("title", "measured", "measured_at", "since", "ok_at", "previous", "changed_at", "unit", "problem")),
        sa.Column("value", sa.Float),
        sa.Column("seconds", sa.Float),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("flapping", sa.Integer, nullable=False),
    )
    op.create_table(
        "check_changes",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("runbook", "step", "name", "target", "verdict", "reason", "run", "at", optional=("previous",)),
        sa.Column("item", sa.Integer, nullable=False),
        sa.Column("hard", sa.Integer, nullable=False),
        sa.Column("flapping", sa.Integer, nullable=False),
    )
    op.create_index("check_changes_check", "check_changes", ["runbook", "step", "name", "target", "at"])
    op.create_index("check_changes_at", "check_changes", ["at"])
    op.create_table(
        "problems",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("runbook", "step", "name", "target", "kind", "verdict", "worst", "reason", "run", "since", "changed_at"),
        *_texts(optional=("title", "hard_at", "closed_at", "alert")),
        sa.Column("item", sa.Integer, nullable=False),
        sa.Column("down", sa.Integer, nullable=False),
    )
    op.create_index("problems_open", "problems", ["closed_at", "runbook"])
    op.create_index("problems_alert", "problems", ["alert"])
    op.create_table(
        "monitored_hosts",
        sa.Column("name", sa.Text, primary_key=True),
        *_texts("jump", "system", "site", "tags", "seen_at"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("key", "sort", "label", "runbook", "verdict", "state", "opened_at", "changed_at", optional=("closed_at",)),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("members", sa.Integer, nullable=False),
        sa.Column("acknowledged", sa.Integer, nullable=False),
    )
    op.create_index("alerts_state", "alerts", ["state"])
    op.create_table(
        "alert_outbox",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("receiver", "thread", "action", "payload", "state", "made_at", "next_at"),
        *_texts(optional=("claimed_until", "sent_at", "failure")),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("alert_outbox_state", "alert_outbox", ["state", "next_at"])
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("selector", "runbook", "since", "until", "reason", "actor", "made_at", optional=("ended_at", "ended_by")),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("problem", "verdict", "reason", "actor", "made_at", "until", optional=("ended_at", "ended_by")),
    )
    op.create_index("acknowledgements_problem", "acknowledgements", ["problem"])
    # What ended before there was monitoring alerts nobody now.
    op.execute("INSERT INTO monitored_runs (run, noted_at) SELECT id, ended_at FROM runs WHERE ended_at IS NOT NULL")


def downgrade() -> None:
    for table in (
        "acknowledgements",
        "maintenance",
        "alert_outbox",
        "alerts",
        "monitored_hosts",
        "problems",
        "check_changes",
        "check_states",
        "monitored_runs",
    ):
        op.drop_table(table)
