"""Presence: tell the vendors who is available, channel by channel (docs/adr/0012)."""

from __future__ import annotations

import logging

from channels.base import ChannelError
from services.attendance import presence, telling
from services.attendance.telling import Telling
from services.events import Work
from services.exchange import breaker, channels

from . import calls, queues
from .adapters import adapter_of

log = logging.getLogger(__name__)


def after_commit(work: Work) -> None:
    """Look at once who is available where the status, connection or access of agents has changed."""
    if work.agents and channels.tells_presence():
        queues.enqueue(queues.SWEEPS, "jobs.presence.look")


def look() -> None:
    """Note who has come and gone, and ring for every channel whose vendor is to be told.

    Runs every few seconds, too, so that nothing depends on a single job. Doubled runs are harmless.
    """
    if channels.tells_presence():
        for channel_id in channels.telling_presence():
            presence.refresh(channel_id)
        queues.ring_all([(queues.PRESENCE, presence.stream(channel_id)) for channel_id in telling.due_channels()])


def drain(stream: str) -> None:
    """Tell a channel's vendor what is due. Where others wait for the worker, the rest comes behind them."""
    queues.answer(queues.PRESENCE, stream)
    turn, channel_id = queues.Turn(queues.VENDOR), presence.channel_of(stream)
    while not turn.is_over:
        due = telling.claim(channel_id)
        if due is None:
            return
        _tell(due)
    queues.enqueue(queues.VENDOR[-1], "jobs.presence.drain", stream)


def _tell(due: Telling) -> None:
    try:
        adapter = adapter_of(due.channel_id)
    except Exception:
        log.exception("channel %s could not be told of agent %s", due.channel_id, due.agent_id)
        telling.fail(due, ChannelError("The channel's keys could not be read.", permanent=True))
        breaker.give_back(due.channel_id)
        return
    try:
        adapter.show_presence(due.shown)
    except ChannelError as error:
        log.warning("channel %s was not told of agent %s: %s", due.channel_id, due.agent_id, error.reason)
        telling.fail(due, error)
        calls.failed(due.channel_id, error)
        return
    telling.settle(due)
    calls.worked(due.channel_id)
