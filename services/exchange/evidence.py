"""What a vendor has really sent: the webhooks as they came, and whom they came from last."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from channels.base import Delivery, json_object
from extensions import db
from models import Channel, Identity, InboxItem


def newest(channel: Channel) -> int:
    """The number of the latest webhook, 0 where none has come."""
    return db.session().scalar(select(func.max(InboxItem.id)).where(*_hooks(channel))) or 0


def latest(channel: Channel, most: int) -> list[Delivery]:
    """The latest webhooks, at most so many of them, oldest first."""
    query = select(InboxItem).where(*_hooks(channel)).order_by(InboxItem.id.desc()).limit(most)
    return [_delivery(item) for item in reversed(db.session().scalars(query).all())]


def since(channel: Channel, number: int, most: int) -> list[Delivery]:
    """The webhooks that came after the one with this number, oldest first, as the database has them this moment.

    Must not be called inside a unit of work.
    """
    db.session().rollback()
    query = select(InboxItem).where(*_hooks(channel), InboxItem.id > number).order_by(InboxItem.id).limit(most)
    found = [_delivery(item) for item in db.session().scalars(query)]
    # Who looks again and again keeps neither a connection nor a snapshot between two looks.
    db.session().rollback()
    return found


def newest_visitor(channel: Channel) -> str:
    """The vendor's id of the customer who was met last, empty where there is none."""
    query = select(Identity.external_id).where(Identity.channel_id == channel.id).order_by(Identity.id.desc())
    return db.session().scalar(query.limit(1)) or ""


def _hooks(channel: Channel) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return InboxItem.channel_id == channel.id, InboxItem.fetched.is_(False)


def _delivery(item: InboxItem) -> Delivery:
    return Delivery(raw=item.body, body=json_object(item.body), nonce=f"inbox {item.id}")
