"""slices of deliveries, pauses of channels, variants of messages.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("channel", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("inbox_item", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("applied", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("message", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("variant", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("message", recreate="never") as batch_op:
        batch_op.drop_column("variant")
    with op.batch_alter_table("inbox_item", recreate="never") as batch_op:
        batch_op.drop_column("applied")
    with op.batch_alter_table("channel", recreate="never") as batch_op:
        batch_op.drop_column("paused_until")
        batch_op.drop_column("failures")
