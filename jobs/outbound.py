"""Outbound: send what is owed, stream by stream, in the order of the agents' sends."""

from __future__ import annotations

import logging
from dataclasses import replace

from flask import current_app

from channels.base import ChannelError, File, Outbound
from models import OutboxItem
from services.conversations import attachments
from services.exchange import breaker, outbox

from . import calls, queues
from .adapters import adapter_of

log = logging.getLogger(__name__)


def drain(stream: str) -> None:
    """Send the stream's owed items until one has to wait."""
    queues.answer(queues.OUTBOUND, stream)
    turn = queues.Turn(queues.VENDOR)
    while not turn.is_over:
        item = outbox.claim(stream)
        if item is None:
            return
        _send(item)
    queues.ring(queues.OUTBOUND, stream)


def _send(item: OutboxItem) -> None:
    item_id, channel_id = item.id, item.channel_id
    try:
        adapter, parcel = adapter_of(channel_id), _outbound(item)
    except Exception:
        log.exception("outbox item %s could not be prepared", item_id)
        outbox.fail(item_id, ChannelError("The message could not be prepared.", permanent=True), idempotent=True)
        breaker.give_back(channel_id)
        return
    try:
        receipt = adapter.perform(parcel)
    except ChannelError as error:
        log.warning("outbox item %s was not delivered: %s", item_id, error.reason)
        outbox.fail(item_id, error, idempotent=adapter.capabilities.idempotent_sends)
        calls.failed(channel_id, error)
        return
    outbox.settle(item_id, receipt)
    calls.worked(channel_id)


def _outbound(item: OutboxItem) -> Outbound:
    public_url = current_app.config["DESKBELL"].public_url
    links = tuple(File(file.name, public_url + attachments.signed_path(file)) for file in item.message.attachments)
    return replace(outbox.outbound(item), files=links)
