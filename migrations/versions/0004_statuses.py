"""agents' statuses and presence.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Kind, name, cases, chats: in this order, so that they get the numbers 1, 2 and 3.
BUILT_IN = (
    ("online", "", "handle", "handle"),
    ("offline", "", "none", "none"),
    ("without_chats", "", "handle", "none"),
)


def upgrade() -> None:
    """Apply the change."""
    statuses = op.create_table(
        "agent_status",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("cases", sa.String(length=8), nullable=False),
        sa.Column("chats", sa.String(length=8), nullable=False),
        sa.Column("returns", sa.Boolean(), nullable=False),
        sa.Column("daily_minutes", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_status")),
    )
    names = ("kind", "name", "cases", "chats")
    always = {"returns": True, "active": True, "daily_minutes": None}
    op.bulk_insert(statuses, [dict(zip(names, row, strict=True)) | always for row in BUILT_IN])
    op.create_table(
        "status_span",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("status_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_status_span_agent_id_agent")),
        sa.ForeignKeyConstraint(["status_id"], ["agent_status.id"], name=op.f("fk_status_span_status_id_agent_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_span")),
    )
    op.create_index("ix_status_span_of_agent", "status_span", ["agent_id", "ended_at"])
    op.create_index(
        "uq_status_span_present",
        "status_span",
        ["agent_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    with op.batch_alter_table("agent") as batch_op:
        for name in ("status_id", "returns_to_id"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_agent_{name}_agent_status"), "agent_status", [name], ["id"])
        batch_op.add_column(sa.Column("keeps_status", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("connected_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("agent") as batch_op:
        for name in ("status_id", "returns_to_id"):
            batch_op.drop_constraint(op.f(f"fk_agent_{name}_agent_status"), type_="foreignkey")
        for name in ("connected_until", "keeps_status", "returns_to_id", "status_id"):
            batch_op.drop_column(name)
    op.drop_table("status_span")
    op.drop_table("agent_status")
