"""What waits to be told to one person in one message, and which messages count against what limits them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatches", sa.Column("charged", sa.Integer, nullable=False, server_default="1"))
    op.create_index("dispatches_by_contact", "dispatches", ["contact", "channel", "ordered_at"])
    op.create_table(
        "bundled",
        sa.Column("dispatch", sa.String(200), primary_key=True),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("ordered_at", sa.String(32), nullable=False),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("bundle", sa.String(200)),
    )
    op.create_index("bundled_by_contact", "bundled", ["contact", "channel"])
    op.create_index("bundled_by_bundle", "bundled", ["bundle"])


def downgrade() -> None:
    op.drop_table("bundled")
    op.drop_index("dispatches_by_contact", "dispatches")
    with op.batch_alter_table("dispatches") as dispatches:
        dispatches.drop_column("charged")
