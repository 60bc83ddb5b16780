"""distribution of chats, presence for vendors, notes, what a widget offers while nobody is there.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "presence",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_presence_agent_id_agent")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_presence_channel_id_channel")),
        sa.PrimaryKeyConstraint("channel_id", "agent_id", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_due", "presence", ["due_at"])
    with op.batch_alter_table("agent") as batch_op:
        batch_op.add_column(sa.Column("capacity", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("given_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("case", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("passed_over", sa.JSON(), server_default="[]", nullable=False))
        batch_op.create_index(
            "ix_case_answer_by",
            ["answer_by"],
            sqlite_where=sa.text("answer_by IS NOT NULL"),
            postgresql_where=sa.text("answer_by IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_of_assignee",
            ["assignee_id"],
            sqlite_where=sa.text("assignee_id IS NOT NULL"),
            postgresql_where=sa.text("assignee_id IS NOT NULL"),
        )
        batch_op.create_index("ix_case_of_group", ["group_id", "id"])
        batch_op.create_index(
            "ix_case_of_owner",
            ["fixated_to_id"],
            sqlite_where=sa.text("fixated_to_id IS NOT NULL"),
            postgresql_where=sa.text("fixated_to_id IS NOT NULL"),
        )
    with op.batch_alter_table("group", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("distribution", sa.String(length=16), server_default="none", nullable=False))
        batch_op.add_column(sa.Column("answer_seconds", sa.Integer(), server_default="60", nullable=False))
    with op.batch_alter_table("message", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("note", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("widget", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("when_away", sa.String(length=8), server_default="always", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("widget", recreate="never") as batch_op:
        batch_op.drop_column("when_away")
    with op.batch_alter_table("message", recreate="never") as batch_op:
        batch_op.drop_column("note")
    with op.batch_alter_table("group", recreate="never") as batch_op:
        batch_op.drop_column("answer_seconds")
        batch_op.drop_column("distribution")
    with op.batch_alter_table("case", recreate="never") as batch_op:
        batch_op.drop_index(
            "ix_case_of_owner",
            sqlite_where=sa.text("fixated_to_id IS NOT NULL"),
            postgresql_where=sa.text("fixated_to_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_case_of_group")
        batch_op.drop_index(
            "ix_case_of_assignee",
            sqlite_where=sa.text("assignee_id IS NOT NULL"),
            postgresql_where=sa.text("assignee_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_case_answer_by",
            sqlite_where=sa.text("answer_by IS NOT NULL"),
            postgresql_where=sa.text("answer_by IS NOT NULL"),
        )
        batch_op.drop_column("passed_over")
        batch_op.drop_column("answer_by")
    with op.batch_alter_table("agent") as batch_op:
        batch_op.drop_column("given_at")
        batch_op.drop_column("capacity")
    with op.batch_alter_table("presence") as batch_op:
        batch_op.drop_index("ix_presence_due")
    op.drop_table("presence")
