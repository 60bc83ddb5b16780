"""Handing over in spare time what agents who have left and closed groups leave behind."""

from __future__ import annotations

from realtime import publish
from services.team import agents, handing_over

from . import queues


def drain(stream: str) -> None:
    """Hand over until nothing is left or somebody else waits for this worker; then have every page catch up."""
    queues.answer(queues.SPARE, stream)
    turn = queues.Turn(queues.LOCAL)
    for _ in handing_over.steps(stream):
        if turn.is_over:
            queues.ring(queues.SPARE, stream)
            return
    publish.catch_up(agents.active_ids())
