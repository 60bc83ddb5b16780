"""Spare time: what agents who have left, closed groups and disconnected channels leave behind is seen to bit by bit."""

from __future__ import annotations

from realtime import publish
from services.exchange import disconnecting
from services.team import agents, handing_over

from . import queues


def drain(stream: str) -> None:
    """Go on until nothing is left or somebody else waits for this worker; then have every page catch up."""
    queues.answer(queues.SPARE, stream)
    turn = queues.Turn(queues.LOCAL)
    is_channel = stream.startswith(disconnecting.STREAM)
    for _ in disconnecting.steps(stream) if is_channel else handing_over.steps(stream):
        if turn.is_over:
            queues.ring(queues.SPARE, stream)
            return
    publish.catch_up(agents.active_ids())
