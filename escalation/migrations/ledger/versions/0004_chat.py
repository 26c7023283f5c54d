"""Where an escalation's messages stand in the chat: its thread in each conversation, and its war room."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "threads",
        sa.Column("reference", sa.String(200), primary_key=True),
        sa.Column("episode", sa.String(200), primary_key=True),
        sa.Column("address", sa.String(40), primary_key=True),
        sa.Column("conversation", sa.String(40), nullable=False),
        sa.Column("root", sa.String(40), nullable=False),
    )
    op.create_table(
        "rooms",
        sa.Column("reference", sa.String(200), primary_key=True),
        sa.Column("episode", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("conversation", sa.String(40)),
        sa.Column("pinned", sa.String(40)),
        sa.Column("shown", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("rooms_by_conversation", "rooms", ["conversation"])


def downgrade() -> None:
    op.drop_table("rooms")
    op.drop_table("threads")
