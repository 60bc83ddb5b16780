"""access levels: groups of agents, channels that are switched off.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("agent", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("access", sa.String(length=16), server_default="full", nullable=False))
    op.create_table(
        "agent_group",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_group_agent_id_agent")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_agent_group_group_id_group")),
        sa.PrimaryKeyConstraint("agent_id", "group_id", name=op.f("pk_agent_group")),
    )
    op.create_index(op.f("ix_agent_group_group_id"), "agent_group", ["group_id"])
    op.create_table(
        "channel_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_channel_off_agent_id_agent")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_channel_off_group_id_group")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_off")),
    )
    op.create_index("uq_channel_off_in_group", "channel_off", ["agent_id", "group_id", "family"], unique=True)
    op.create_index(
        "uq_channel_off_everywhere",
        "channel_off",
        ["agent_id", "family"],
        unique=True,
        sqlite_where=sa.text("group_id IS NULL"),
        postgresql_where=sa.text("group_id IS NULL"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("channel_off")
    op.drop_table("agent_group")
    with op.batch_alter_table("agent", recreate="never") as batch_op:
        batch_op.drop_column("access")
