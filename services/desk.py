"""A fresh desk: one group, our own live chat and one widget, so that the first visitor can write at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select

from extensions import db
from models import Channel, Group, Widget

from . import clock
from .exchange.channels import make_widget
from .team.groups import named
from .uow import lock_stream, unit_of_work


@dataclass(frozen=True)
class Names:
    """What the things of a fresh desk are called, in the desk's language; their owner may change it."""

    group: str = "Support"
    channel: str = "Website chat"
    widget: str = "Website"


def furnish(names: Names) -> None:
    """Make what a desk cannot do without, where it is missing."""
    with unit_of_work() as session:
        lock_stream("setup")
        if not session.scalar(select(exists().where(Group.id.is_not(None)))):
            named(names.group)
        group = session.scalars(select(Group).order_by(Group.id).limit(1)).one()
        if session.scalar(select(exists().where(Channel.kind == "widget"))):
            return
        channel = Channel(
            kind="widget", family="live_chat", name=names.channel, group_id=group.id, created_at=clock.now()
        )
        session.add(channel)
        session.flush()
        make_widget(name=names.widget, channel=channel)


def first_widget() -> Widget:
    """The widget that was made first."""
    return db.session().scalars(select(Widget).order_by(Widget.id).limit(1)).one()
