"""Taking in: what a vendor sends is on disk before it is acknowledged; what comes at one moment shares a commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from channels.base import Adapter, Delivery, Rejected
from extensions import db
from models import Channel, InboxItem
from models.base import public_id
from services import clock
from services.conversations import chats
from services.sanitise import one_line
from services.together import Together
from services.uow import insert_if_new, ring_after_commit, unit_of_work

from .inbox import ASIDE, PENDING

_HEARD_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class _Arrival:
    """A delivery as it is going to be stored.

    `is_sign_of_life`: the channel has not been heard of for a while, and this came of itself, not because we asked.
    """

    values: dict[str, Any]
    is_sign_of_life: bool


def accept(channel: Channel, adapter: Adapter, delivery: Delivery) -> bool:
    """Store a delivery and ring its stream; a second one with the same key and body changes nothing.

    What the adapter does not understand is stored too, set aside with the reason. Tells whether it was new.
    Must not be called inside a unit of work.
    """
    state, reason, conversation, key = PENDING, "", "", delivery.nonce
    try:
        adapter.verify(delivery)
        conversation, key = adapter.conversation(delivery), adapter.key(delivery)
    except Rejected as error:
        state, reason = ASIDE, str(error)[:500]
    now = clock.now()
    values = {
        "channel_id": channel.id,
        "stream": chats.stream_of(channel, conversation),
        "key": key,
        "fetched": delivery.fetched,
        "event": one_line(adapter.event(delivery), longest=80),
        "body": delivery.raw,
        "state": state,
        "reason": reason,
        "received_at": now,
    }
    arrival = _Arrival(values, not delivery.fetched and _is_news(channel.heard_at, now))
    # Whoever waits for others must not keep a connection from them.
    db.session().rollback()
    return _store_together(arrival)


def new_nonce() -> str:
    """A key for a delivery that brought none."""
    return public_id()


def _is_news(heard_at: datetime | None, now: datetime) -> bool:
    """Once a minute is enough, and every webhook would otherwise write the same row."""
    return heard_at is None or now - heard_at > _HEARD_EVERY


def _store(arrivals: Sequence[_Arrival]) -> list[bool]:
    """Store them in one unit of work; tells for each whether it was new."""
    with unit_of_work() as session:
        are_new = [_insert(arrival.values) for arrival in arrivals]
        for channel_id in {arrival.values["channel_id"] for arrival in arrivals if arrival.is_sign_of_life}:
            session.execute(update(Channel).where(Channel.id == channel_id).values(heard_at=clock.now()))
    return are_new


def _insert(values: dict[str, Any]) -> bool:
    is_new = insert_if_new(InboxItem, values) or _insert_variant(values)
    if is_new and values["state"] == PENDING:
        ring_after_commit("inbound", values["stream"])
    return is_new


def _insert_variant(values: dict[str, Any]) -> bool:
    """Keep what came under a known key with another body: whether it says anything new is seen when it is applied."""
    known = (InboxItem.channel_id == values["channel_id"], InboxItem.key == values["key"])
    if db.session().scalars(select(InboxItem.body).where(*known)).one() == values["body"]:
        return False
    digest = hashlib.sha256(values["body"]).hexdigest()
    return insert_if_new(InboxItem, {**values, "key": f"{values['key'][:55]}~{digest}"})


_store_together = Together(_store)
