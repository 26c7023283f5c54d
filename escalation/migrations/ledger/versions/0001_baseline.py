"""The first schema: dispatches, receipts, texts, codes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatches",
        sa.Column("dispatch", sa.String(200), primary_key=True),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("message", sa.String(40), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("ordered_at", sa.String(32), nullable=False),
        sa.Column("episode", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("intent_at", sa.String(32)),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("second_provider_id", sa.String(200)),
        sa.Column("how", sa.String(16)),
        sa.Column("failure", sa.String(32)),
        sa.Column("code", sa.String(64)),
        sa.Column("receipt", sa.String(32)),
        sa.Column("receipt_rank", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("dispatches_by_reference", "dispatches", ["reference"])
    op.create_index("dispatches_by_provider_id", "dispatches", ["provider_id"], unique=True)
    op.create_table(
        "receipts",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("dispatch", sa.String(200), nullable=False),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("received_at", sa.String(32), nullable=False),
    )
    op.create_index("receipts_by_dispatch", "receipts", ["dispatch"])
    op.create_table(
        "texts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("episode", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("kept_at", sa.String(32), nullable=False),
    )
    op.create_index("texts_by_reference", "texts", ["reference"])
    op.create_table(
        "codes",
        sa.Column("code", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("episode", sa.String(200), nullable=False),
        sa.Column("allotted_at", sa.String(32), nullable=False),
        sa.UniqueConstraint("reference", "episode", name="codes_by_escalation"),
    )


def downgrade() -> None:
    for table in ("codes", "texts", "receipts", "dispatches"):
        op.drop_table(table)
