"""Distribution: chats that wait find an agent, those that are not answered are taken back, the line is told.

Rung for after each commit that may change who is given what, and swept every two seconds for what is due by time and
for bells that were lost. Both do the same; doubled runs are harmless.
"""

from __future__ import annotations

import logging
from functools import partial

from extensions import db
from realtime import waiting
from services import clock
from services.distributing import giving, line, taking_back
from services.events import Work

from . import queues

log = logging.getLogger(__name__)


def after_commit(work: Work) -> None:
    """Ring where somebody may have to be given a chat now, or told another place in the line."""
    try:
        is_called_for = giving.is_called_for(work)
    except Exception:
        # What was committed is not undone by this, and the sweep looks anyway.
        log.exception("the line was not looked at")
        db.session.rollback()
        return
    if is_called_for:
        queues.ring(line.QUEUE, line.STREAM)


def drain(stream: str = line.STREAM) -> None:
    """Look at the whole line once."""
    queues.answer(queues.GIVING, stream)
    turn = queues.Turn(queues.LOCAL)
    if not (_take_back(turn) and giving.give_away(may_go_on=lambda: not turn.is_over)):
        queues.ring(queues.GIVING, stream)
    waiting.tell(line.everyone())


def sweep() -> None:
    """The same, without having been rung for."""
    drain()


def _take_back(turn: queues.Turn) -> bool:
    """Take back what was not answered in time or was left alone; tells whether that was all."""
    late = [partial(taking_back.from_the_late, *missed) for missed in taking_back.overdue(clock.now())]
    alone = [partial(taking_back.from_the_absent, left) for left in taking_back.left_alone(clock.now())]
    for take_back in (*late, *alone):
        take_back()
        if turn.is_over:
            return False
    return True
