"""Outbound: do what is owed, stream by stream, in the order of the agents' sends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from flask import current_app
from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import OperationalError

from channels.base import Adapter, Change, ChannelError, File, Receipt
from extensions import db
from models import OutboxItem, Verb
from services.conversations import attachments
from services.exchange import breaker, outbox

from . import calls, queues
from .adapters import adapter_of

log = logging.getLogger(__name__)

# The database was busy or gone, or the job's time was over.
_PASSING = (OperationalError, JobTimeoutException)


def drain(stream: str) -> None:
    """Do what the stream owes until something has to wait."""
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
        adapter = adapter_of(channel_id)
        call = _call(adapter, item)
    except Exception as error:
        # What went wrong may have been the database, in the midst of a transaction.
        db.session().rollback()
        outbox.fail(item_id, _unprepared(item_id, error), idempotent=True)
        breaker.give_back(channel_id)
        if isinstance(error, _PASSING):
            raise
        return
    try:
        receipt = call()
    except ChannelError as error:
        log.warning("outbox item %s was not delivered: %s", item_id, error.reason)
        outbox.fail(item_id, error, idempotent=adapter.capabilities.idempotent_sends)
        calls.failed(channel_id, error)
        return
    outbox.settle(item_id, receipt)
    calls.worked(channel_id)


def _call(adapter: Adapter, item: OutboxItem) -> Callable[[], Receipt]:
    """What is owed, ready to be done."""
    if item.verb == Verb.SEND:
        return partial(adapter.perform, replace(outbox.outbound(item), files=_links(item)))
    change = replace(outbox.change(item), files=_links(item))
    return partial(_done, adapter.edit if item.verb == Verb.EDIT else adapter.delete, change)


def _done(work: Callable[[Change], None], change: Change) -> Receipt:
    work(change)
    return Receipt()


def _links(item: OutboxItem) -> tuple[File, ...]:
    public_url = current_app.config["DESKBELL"].public_url
    files = [file for file in item.message.attachments if file.public_id in item.files]
    return tuple(File(file.name, public_url + attachments.signed_path(file)) for file in files)


def _unprepared(item_id: int, error: Exception) -> ChannelError:
    """Why a call could not even be made; another try helps only where that is not about the call."""
    if isinstance(error, ChannelError):
        return error
    if isinstance(error, _PASSING):
        return ChannelError("The message could not be prepared in time.")
    log.error("outbox item %s could not be prepared", item_id, exc_info=error)
    return ChannelError("The message could not be prepared.", permanent=True)
