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
        batch_op.add_column(sa.Column("files", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("external_id", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("shown_as", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("reason", sa.String(length=500), server_default="", nullable=False))
        batch_op.create_index("ix_outbox_item_log", ["channel_id", "id"])
        batch_op.create_index(
            "ix_outbox_item_unsettled",
            ["channel_id", "id"],
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        # Made anew: of two indexes that suit alike SQLite takes the younger, and this one is far smaller.
        batch_op.drop_index("ix_outbox_item_owed")
        batch_op.create_index(
            "ix_outbox_item_owed",
            ["stream", "id"],
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.create_index(
            "ix_outbox_item_trouble",
            ["channel_id", "id"],
            sqlite_where=sa.text("state IN ('failed', 'unknown')"),
            postgresql_where=sa.text("state IN ('failed', 'unknown')"),
        )
    with op.batch_alter_table("inbox_item", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("event", sa.String(length=80), server_default="", nullable=False))
        batch_op.create_index("ix_inbox_item_log", ["channel_id", "id"])
        batch_op.create_index(
            "ix_inbox_item_unapplied",
            ["channel_id", "id"],
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        # For the same reason.
        batch_op.drop_index("ix_inbox_item_aside")
        batch_op.create_index(
            "ix_inbox_item_aside",
            ["channel_id", "id"],
            sqlite_where=sa.text("state = 'aside'"),
            postgresql_where=sa.text("state = 'aside'"),
        )
    with op.batch_alter_table("case", recreate="never") as batch_op:
        batch_op.create_index("ix_case_of_conversation", ["channel_id", "conversation", "id"])
        batch_op.create_index("ix_case_list_of_channel", ["channel_id", "active", "updated_at", "id"])
    with op.batch_alter_table("message", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("channel", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("disconnected_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("chats_end", sa.String(length=16), nullable=True))
    _say_what_was_owed()


def _say_what_was_owed() -> None:
    """What is owed says itself from now on what is sent; until now that was its whole message."""
    owed = sa.table(
        "outbox_item",
        *(sa.column(name) for name in ("id", "message_id", "text", "external_id", "shown_as", "state")),
        sa.column("files", sa.JSON()),
    )
    message = sa.table("message", *(sa.column(name) for name in ("id", "text", "external_id")))
    attachment = sa.table("attachment", *(sa.column(name) for name in ("id", "message_id", "public_id")))
    text, known = (
        sa.select(column).where(message.c.id == owed.c.message_id).scalar_subquery()
        for column in (message.c.text, sa.func.coalesce(message.c.external_id, ""))
    )
    op.execute(owed.update().values(text=text))
    op.execute(owed.update().where(owed.c.state == "done").values(external_id=known))
    made_up = owed.c.external_id.like("made-up:%")
    op.execute(owed.update().where(made_up).values(shown_as=owed.c.external_id, external_id=""))
    query = sa.select(owed.c.id, attachment.c.public_id).join(attachment, attachment.c.message_id == owed.c.message_id)
    files: dict[int, list[str]] = {}
    for item_id, public_id in op.get_bind().execute(query.order_by(attachment.c.id)):
        files.setdefault(item_id, []).append(public_id)
    for item_id, public_ids in files.items():
        op.execute(owed.update().where(owed.c.id == item_id).values(files=public_ids))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("channel") as batch_op:
        batch_op.drop_column("chats_end")
        batch_op.drop_column("disconnected_at")
        batch_op.drop_column("quiet_until")
    with op.batch_alter_table("message") as batch_op:
        for name in ("deleted_at", "edited_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("case") as batch_op:
        batch_op.drop_index("ix_case_list_of_channel")
        batch_op.drop_index("ix_case_of_conversation")
    with op.batch_alter_table("inbox_item") as batch_op:
        batch_op.drop_index("ix_inbox_item_unapplied")
        batch_op.drop_index("ix_inbox_item_log")
        batch_op.drop_column("event")
    with op.batch_alter_table("outbox_item") as batch_op:
        batch_op.drop_index("ix_outbox_item_unsettled")
        batch_op.drop_index("ix_outbox_item_trouble")
        batch_op.drop_index("ix_outbox_item_log")
        for name in ("reason", "shown_as", "external_id", "files", "text", "part", "verb"):
            batch_op.drop_column(name)
