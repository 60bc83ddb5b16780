"""Cases and their messages. A chat is a case with a live part, not a second record (docs/adr/0009)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .agent import Agent
from .attachment import Attachment
from .base import Model, UtcDateTime
from .channel import Channel
from .customer import Customer
from .group import Group
from .stream import stream_key

_ASSIGNED, _FIXATED = text("assignee_id IS NOT NULL"), text("fixated_to_id IS NOT NULL")
_GIVEN = text("answer_by IS NOT NULL")


class Status(StrEnum):
    """Where a case stands. "Ended" is not a status: an ended chat may have any of these."""

    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"


class Delivery(StrEnum):
    """How far an agent's message got. `NONE` is for what is not ours to deliver.

    `AWAITED`: the call was cut off; if the vendor has it, it will show it to us. `UNKNOWN`: it did not in time.
    """

    NONE = "none"
    SENDING = "sending"
    SENT = "sent"
    AWAITED = "awaited"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Case(Model):
    """A request of a customer. While `active` it is a live chat; afterwards it stands in the list of all cases.

    `rev` grows by one with every change of the case or of a message: the cursor for catching up.
    `fixated_to_id` is the agent whose chat it is now, `assignee_id` the agent who looks after the case.
    `answer_by`: a chat that was given to an agent goes back to New then, unless they answer; `passed_over` are the ids
    of those who have let it go.
    """

    __tablename__ = "case"
    __table_args__ = (
        Index(
            "uq_case_one_active_chat",
            "channel_id",
            "customer_id",
            unique=True,
            sqlite_where=text("active = 1"),
            postgresql_where=text("active"),
        ),
        Index("ix_case_due", "ends_at", sqlite_where=text("active = 1"), postgresql_where=text("active")),
        Index("ix_case_list", "active", "updated_at", "id"),
        Index("ix_case_of_customer", "customer_id", "channel_id", "id"),
        Index("ix_case_of_conversation", "channel_id", "conversation", "id"),
        Index("ix_case_list_of_channel", "channel_id", "active", "updated_at", "id"),
        Index("ix_case_of_group", "group_id", "id"),
        Index("ix_case_of_assignee", "assignee_id", sqlite_where=_ASSIGNED, postgresql_where=_ASSIGNED),
        Index("ix_case_of_owner", "fixated_to_id", sqlite_where=_FIXATED, postgresql_where=_FIXATED),
        Index("ix_case_answer_by", "answer_by", sqlite_where=_GIVEN, postgresql_where=_GIVEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[str] = mapped_column(String(16), default=Status.OPEN)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    conversation: Mapped[str] = mapped_column(String(200))
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    active: Mapped[bool] = mapped_column(default=True)
    fixated_to_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    fixated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    passed_over: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_author: Mapped[str] = mapped_column(String(16), default="customer")
    last_words: Mapped[str] = mapped_column(String(160), default="")
    last_message_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unread: Mapped[int] = mapped_column(default=0)

    channel: Mapped[Channel] = relationship()
    customer: Mapped[Customer] = relationship()
    group: Mapped[Group] = relationship()
    assignee: Mapped[Agent | None] = relationship(foreign_keys=[assignee_id])
    fixated_to: Mapped[Agent | None] = relationship(foreign_keys=[fixated_to_id])

    @property
    def stream(self) -> str:
        """The order key of its conversation, for inbox and outbox."""
        return stream_key(self.channel_id, self.conversation)


class Message(Model):
    """One thing said in a case.

    `position` is where it stands in the thread, `rev` the case's revision at its last change.
    `client_key` is made by the sender's browser (or by us until the vendor named the message), `external_id` by the
    vendor; either may come twice and counts once.
    A `note` is for agents alone. A `variant` came under the id of another message with other words
    (`services.conversations.repetition`). What was deleted has no words and files any more.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        UniqueConstraint("channel_id", "client_key"),
        UniqueConstraint("case_id", "position"),
        Index("ix_message_since", "case_id", "rev"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    rev: Mapped[int]
    position: Mapped[int] = mapped_column(BigInteger)
    author: Mapped[str] = mapped_column(String(16))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    author_name: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    client_key: Mapped[str | None] = mapped_column(String(160))
    external_id: Mapped[str | None] = mapped_column(String(200))
    delivery: Mapped[str] = mapped_column(String(16), default=Delivery.NONE)
    delivery_reason: Mapped[str] = mapped_column(String(500), default="")
    variant: Mapped[bool] = mapped_column(default=False, server_default=false())
    note: Mapped[bool] = mapped_column(default=False, server_default=false())
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    case: Mapped[Case] = relationship()
    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.id", lazy="selectin")
