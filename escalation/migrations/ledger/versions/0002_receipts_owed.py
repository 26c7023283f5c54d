"""What the workflow has yet to hear of a receipt, the receipt's code, and channels that a vendor has closed for now."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatches", sa.Column("receipt_code", sa.String(64)))
    op.add_column("receipts", sa.Column("owed", sa.String(16)))
    op.add_column("receipts", sa.Column("told_at", sa.String(32)))
    op.create_index("receipts_owed", "receipts", ["owed"])
    op.create_table(
        "pauses",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("until", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("pauses")
    op.drop_index("receipts_owed", "receipts")
    op.drop_column("receipts", "told_at")
    op.drop_column("receipts", "owed")
    op.drop_column("dispatches", "receipt_code")
