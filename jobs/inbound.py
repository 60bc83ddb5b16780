"""Inbound: apply what came in, stream by stream, without ever calling out."""

from __future__ import annotations

import logging

from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import OperationalError

from services.exchange import inbox

from . import queues
from .adapters import adapter_of

log = logging.getLogger(__name__)


def drain(*streams: str) -> None:
    """Apply what is pending in these streams, one after the other, as far as one turn goes."""
    queues.answer(queues.INBOUND, *streams)
    turn = queues.Turn(queues.LOCAL)
    for number, stream in enumerate(streams):
        if turn.is_over:
            queues.ring_all([(queues.INBOUND, waiting) for waiting in streams[number:]])
            return
        _drain(stream, turn)


def _drain(stream: str, turn: queues.Turn) -> None:
    """Apply the stream's pending deliveries, oldest first; one that fails does not stop those behind it for good."""
    counted = inbox.suspect(stream)
    while (item := inbox.next_pending(stream)) is not None:
        if turn.is_over:
            queues.ring(queues.INBOUND, stream)
            return
        if not _apply_next(stream, item.channel_id, turn, counted):
            return


def _apply_next(stream: str, channel_id: int, turn: queues.Turn, counted: int | None) -> bool:
    """Apply one delivery, or as much of it as the turn allows; tells whether those behind it may pass."""
    try:
        wanted = inbox.apply_next(stream, adapter_of(channel_id), may_go_on=lambda: not turn.is_over)
    except JobTimeoutException:
        inbox.fail_next(stream, f"It took longer than {queues.INBOUND_SECONDS} seconds.", counted=counted)
        raise
    except OperationalError:
        # The database was busy or gone, which is not the delivery's fault: it stays, and the sweep rings again.
        raise
    except Exception as error:
        log.exception("a delivery of %s could not be applied", stream)
        return inbox.fail_next(stream, f"{type(error).__name__}: {error}", counted=counted)
    for fetch in wanted or ():
        queues.enqueue(queues.FETCH, "jobs.fetch.fetch", channel_id, fetch.conversation, fetch.what, fetch.id)
    return True
