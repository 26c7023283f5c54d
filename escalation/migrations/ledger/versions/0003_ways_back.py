"""Who has turned a channel off, and what a call says while it lasts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "optouts",
        sa.Column("contact", sa.String(200), primary_key=True),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("since", sa.String(32), nullable=False),
    )
    op.create_table(
        "scripts",
        sa.Column("dispatch", sa.String(200), primary_key=True),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("call", sa.String(200)),
        sa.Column("kept_at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("scripts")
    op.drop_table("optouts")
