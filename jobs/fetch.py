"""Fetch: calls that a channel wants made; the answer comes back through the inbox."""

from __future__ import annotations

import json
import logging

from channels.base import ChannelError, Delivery, Fetch
from extensions import db
from models import Channel
from services.conversations import customers
from services.exchange import breaker, intake

from . import calls, queues
from .adapters import adapter_of

log = logging.getLogger(__name__)


def drain(*streams: str) -> None:
    """Ask about customers whose data was found old when somebody opened their chat."""
    queues.answer(queues.FETCH, *streams)
    for stream in streams:
        asked = customers.wanted(stream)
        if asked is not None:
            channel_id, wish = asked
            fetch(channel_id, wish.conversation, wish.what, wish.id)


def fetch(channel_id: int, conversation: str, what: str, wanted_id: str) -> None:
    """Make one call and store its answer, unless another one has brought it meanwhile.

    A failure costs fresh data, never a message, so it is only noted: what the customer says next asks again.
    """
    channel = db.session().get_one(Channel, channel_id)
    if channel.disconnected_at is not None or customers.is_fresh(channel, wanted_id):
        return
    adapter = adapter_of(channel_id)
    if not breaker.admit(channel_id):
        log.info("channel %s pauses: a fetch was left out", channel_id)
        return
    try:
        body = adapter.fetch(Fetch(conversation, what, wanted_id))
    except ChannelError as error:
        log.warning("channel %s did not answer a fetch: %s", channel_id, error.reason)
        calls.failed(channel_id, error)
        return
    calls.worked(channel_id)
    delivery = Delivery(raw=json.dumps(body).encode(), body=body, nonce=intake.new_nonce(), fetched=True)
    intake.accept(db.session().get_one(Channel, channel_id), adapter, delivery)
