"""Outbound: send what is owed, stream by stream, in the order of the agents' sends."""

from __future__ import annotations

import logging
from dataclasses import replace

from flask import current_app

from channels.base import ChannelError, File, Outbound
from models import OutboxItem
from services import attachments, channels, outbox

from .adapters import adapter_of

log = logging.getLogger(__name__)


def drain(stream: str) -> None:
    """Send the stream's owed items until one has to wait."""
    while (item := outbox.claim(stream)) is not None:
        _send(item)


def _send(item: OutboxItem) -> None:
    item_id, channel_id = item.id, item.channel_id
    adapter = adapter_of(channel_id)
    try:
        receipt = adapter.perform(_outbound(item))
    except ChannelError as error:
        log.warning("outbox item %s was not delivered: %s", item_id, error.reason)
        outbox.fail(item_id, error, idempotent=adapter.capabilities.idempotent_sends)
        if error.broken:
            channels.mark_broken(channel_id, error.reason)
        return
    outbox.settle(item_id, receipt)
    channels.mark_working(channel_id)


def _outbound(item: OutboxItem) -> Outbound:
    public_url = current_app.config["DESKBELL"].public_url
    links = tuple(File(file.name, public_url + attachments.signed_path(file)) for file in item.message.attachments)
    return replace(outbox.outbound(item), files=links)
