"""The first schema: entries, which can be added and read, and nothing else.

The triggers stop accidents and careless tools. Whoever owns the database can still drop them: the chain of digests,
and the heads that the engine keeps, are what shows it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'append-only: an entry is never changed'); END
    """,
    """
    CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'append-only: an entry is never removed'); END
    """,
    # INSERT OR REPLACE removes the old row without waking the trigger above.
    """
    CREATE TRIGGER entries_no_replace BEFORE INSERT ON entries
    WHEN EXISTS (
        SELECT 1 FROM entries
        WHERE reference = NEW.reference AND episode = NEW.episode AND sequence = NEW.sequence
    )
    BEGIN SELECT RAISE(ABORT, 'append-only: this entry is kept already'); END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION entries_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'append-only: an entry is never changed or removed'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER entries_no_change BEFORE UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION entries_append_only()
    """,
    """
    CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION entries_append_only()
    """,
)


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("reference", sa.String(200), primary_key=True),
        sa.Column("episode", sa.String(200), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.CheckConstraint("sequence >= 1", name="entries_start_at_one"),
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
