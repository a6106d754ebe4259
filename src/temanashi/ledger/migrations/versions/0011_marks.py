"""What the ledger is searched by, for the records that are there already too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from temanashi.ledger.marks import complete_marks

revision = "0011"
down_revision = "0010"

SQLITE_TRIGGERS = """
CREATE TRIGGER ledger_marks_no_update BEFORE UPDATE ON ledger_marks
BEGIN SELECT RAISE(ABORT, 'marks of the ledger are only added'); END
--
CREATE TRIGGER ledger_marks_no_delete BEFORE DELETE ON ledger_marks
BEGIN SELECT RAISE(ABORT, 'marks of the ledger are only added'); END
"""
POSTGRESQL_TRIGGERS = """
CREATE TRIGGER ledger_marks_no_change BEFORE UPDATE OR DELETE ON ledger_marks FOR EACH ROW EXECUTE FUNCTION ledger_refuse()
--
CREATE TRIGGER ledger_marks_no_truncate BEFORE TRUNCATE ON ledger_marks FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
"""


def upgrade() -> None:
    connection = op.get_bind()
    op.create_table(
        "ledger_marks",
        sa.Column("chain", sa.String(40), primary_key=True),
        sa.Column("facet", sa.String(20), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    triggers = SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else POSTGRESQL_TRIGGERS
    for statement in triggers.split("\n--\n"):
        op.execute(statement.strip())
    complete_marks(connection)


def downgrade() -> None:
    op.drop_table("ledger_marks")
