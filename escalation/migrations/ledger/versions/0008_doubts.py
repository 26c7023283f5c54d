"""When a dispatch was last claimed, and when a message that tells several was first seen to be in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatches", sa.Column("claimed_at", sa.String(32)))
    op.add_column("dispatches", sa.Column("doubted_at", sa.String(32)))


def downgrade() -> None:
    with op.batch_alter_table("dispatches") as dispatches:
        dispatches.drop_column("doubted_at")
        dispatches.drop_column("claimed_at")
