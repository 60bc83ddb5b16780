"""Visitors who wait are told their place in the line, when it changes and at most once a second.

What each was told last stands in Redis, so that nobody is told the same twice; losing it costs a repeat.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import redis

from services.distributing.line import InLine
from services.exchange import channels

from . import topics
from .bus import bus

log = logging.getLogger(__name__)

PAUSE_MILLISECONDS = 1000
_TOLD, _PAUSE = "deskbell:line", "deskbell:line:pause"


def tell(line: Sequence[InLine]) -> None:
    """Tell those whose place is another one than they know; the sweep tells what comes too early."""
    places: dict[Any, bytes] = {str(one.case_id).encode(): str(one.place).encode() for one in line}
    try:
        told = bus.redis.hgetall(_TOLD)
        if told == places or not bus.redis.set(_PAUSE, 1, nx=True, px=PAUSE_MILLISECONDS):
            return
        for one in line:
            key = str(one.case_id).encode()
            if told.get(key) != places[key] and channels.has_own_socket(one.channel_kind):
                bus.publish([topics.customer(one.customer)], json.dumps({"place": one.place, "case": one.case_id}))
        _keep(places)
    except redis.RedisError as error:
        log.warning("those who wait were not told their places: %s", error)


def _keep(places: dict[Any, bytes]) -> None:
    pipeline = bus.redis.pipeline()
    pipeline.delete(_TOLD)
    if places:
        pipeline.hset(_TOLD, mapping=places)
    pipeline.execute()
