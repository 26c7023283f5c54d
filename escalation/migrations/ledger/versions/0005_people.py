"""Whose turn it was, which contact methods are verified, and which directory was in force when."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("list", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.UniqueConstraint("list", "key", name="turns_by_key"),
    )
    op.create_table(
        "methods",
        sa.Column("contact", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("until", sa.String(32)),
        sa.Column("verified_at", sa.String(32)),
    )
    op.create_table(
        "directories",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("directories")
    op.drop_table("methods")
    op.drop_table("turns")
