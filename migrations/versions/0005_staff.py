"""agents' signatures, agents who have left, names that groups sign with.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("agent") as batch_op:
        batch_op.add_column(sa.Column("heir_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_agent_heir_id_agent"), "agent", ["heir_id"], ["id"])
        batch_op.add_column(sa.Column("signature", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(op.f("uq_agent_email"), type_="unique")
    known = sa.text("deleted_at IS NULL")
    op.create_index("uq_agent_login", "agent", ["email"], unique=True, sqlite_where=known, postgresql_where=known)
    with op.batch_alter_table("group") as batch_op:
        batch_op.add_column(sa.Column("from_name", sa.String(length=120), server_default="", nullable=False))
        batch_op.add_column(sa.Column("replacement_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_group_replacement_id_group"), "group", ["replacement_id"], ["id"])


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("group") as batch_op:
        batch_op.drop_constraint(op.f("fk_group_replacement_id_group"), type_="foreignkey")
        batch_op.drop_column("replacement_id")
        batch_op.drop_column("from_name")
    op.drop_index("uq_agent_login", "agent")
    with op.batch_alter_table("agent") as batch_op:
        batch_op.create_unique_constraint(op.f("uq_agent_email"), ["email"])
        batch_op.drop_constraint(op.f("fk_agent_heir_id_agent"), type_="foreignkey")
        batch_op.drop_column("heir_id")
        batch_op.drop_column("deleted_at")
        batch_op.drop_column("signature")
