"""The ledger's tables, append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")

# REPLACE deletes rows without firing delete triggers, so inserting over something is refused too.
SQLITE_TRIGGERS = """
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger WHERE chain = NEW.chain AND seq >= NEW.seq)
  OR EXISTS (SELECT 1 FROM ledger WHERE event_id = NEW.event_id)
  OR EXISTS (SELECT 1 FROM ledger WHERE chain = NEW.chain AND prev_hash = NEW.prev_hash)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--
CREATE TRIGGER ledger_body_only_pruned BEFORE UPDATE ON ledger_body
WHEN NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.chain <> OLD.chain OR NEW.seq <> OLD.seq
BEGIN SELECT RAISE(ABORT, 'bodies of the ledger can only be pruned'); END
--
CREATE TRIGGER ledger_body_no_delete BEFORE DELETE ON ledger_body
BEGIN SELECT RAISE(ABORT, 'bodies of the ledger can only be pruned'); END
--
CREATE TRIGGER ledger_body_no_replace BEFORE INSERT ON ledger_body
WHEN EXISTS (SELECT 1 FROM ledger_body WHERE chain = NEW.chain AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'bodies of the ledger can only be pruned'); END
"""

POSTGRESQL_TRIGGERS = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
--
CREATE FUNCTION ledger_body_prune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.chain <> OLD.chain OR NEW.seq <> OLD.seq THEN
    RAISE EXCEPTION 'bodies of the ledger can only be pruned' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_refuse()
--
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
--
CREATE TRIGGER ledger_body_only_pruned BEFORE UPDATE ON ledger_body FOR EACH ROW EXECUTE FUNCTION ledger_body_prune()
--
CREATE TRIGGER ledger_body_no_delete BEFORE DELETE ON ledger_body FOR EACH ROW EXECUTE FUNCTION ledger_refuse()
--
CREATE TRIGGER ledger_body_no_truncate BEFORE TRUNCATE ON ledger_body FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
"""


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("chain", sa.String(40), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("task", "runbook", "run", "slot", "actor", "outcome")),
        sa.Column("mode", sa.String(20), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("prev_hash", "body_hash", "hash")),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.UniqueConstraint("event_id", name="ledger_event"),
        sa.UniqueConstraint("chain", "prev_hash", name="ledger_link"),
    )
    op.create_index("ledger_usage", "ledger", ["kind", "recorded_at", "task", "slot", "run", "mode", "outcome"])
    op.create_index("ledger_run", "ledger", ["run", "seq"])
    op.create_table(
        "ledger_body",
        sa.Column("chain", sa.String(40), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary, nullable=True),
        sa.Column("text", sa.Text, nullable=True),
        sa.ForeignKeyConstraint(["chain", "seq"], ["ledger.chain", "ledger.seq"], name="ledger_body_record"),
    )
    triggers = SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS
    for statement in triggers.split("\n--\n"):
        op.execute(statement.strip())
