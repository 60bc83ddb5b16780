"""Inbound: apply what came in, stream by stream, without ever calling out."""

from __future__ import annotations

import logging

from services import inbox

from . import queues
from .adapters import adapter_of

log = logging.getLogger(__name__)


def drain(stream: str) -> None:
    """Apply every pending delivery of the stream, oldest first; one that fails does not stop those behind it."""
    while (item := inbox.next_pending(stream)) is not None:
        channel_id = item.channel_id
        try:
            wanted = inbox.apply_next(stream, adapter_of(channel_id))
        except Exception as error:
            log.exception("a delivery of %s could not be applied", stream)
            if not inbox.fail_next(stream, f"{type(error).__name__}: {error}"):
                return
            continue
        for fetch in wanted or ():
            queues.enqueue(queues.FETCH, "jobs.fetch.fetch", channel_id, fetch.conversation, fetch.what, fetch.id)
