"""What is owed to vendors: parts, edits, deletions and their ids; channels that are switched off or disconnected.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("outbox_item", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("verb", sa.String(length=8), server_default="send", nullable=False))
        batch_op.add_column(sa.Column("part", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("text", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("external_id", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("reason", sa.String(length=500), server_default="", nullable=False))
        batch_op.create_index("ix_outbox_item_log", ["channel_id", "id"])
    with op.batch_alter_table("inbox_item", recreate="never") as batch_op:
        batch_op.create_index("ix_inbox_item_log", ["channel_id", "id"])
    with op.batch_alter_table("message", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("channel", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("disconnected_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("channel") as batch_op:
        batch_op.drop_column("disconnected_at")
    with op.batch_alter_table("message") as batch_op:
        for name in ("deleted_at", "edited_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("inbox_item") as batch_op:
        batch_op.drop_index("ix_inbox_item_log")
    with op.batch_alter_table("outbox_item") as batch_op:
        batch_op.drop_index("ix_outbox_item_log")
        for name in ("reason", "external_id", "text", "part", "verb"):
            batch_op.drop_column(name)
