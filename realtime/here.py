"""Who else has a case before their eyes. Redis keeps it for less than a minute; what it loses, the next beat brings.

Only those who look at the same case are told, so that it costs the others nothing.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from enum import StrEnum

import redis

from models import Agent, Case

from . import publish
from .bus import bus

log = logging.getLogger(__name__)

LASTS_SECONDS = 40


class Doing(StrEnum):
    """What an agent does with a case, the least first."""

    GONE = "gone"
    VIEWING = "viewing"
    WRITING = "writing"


@dataclass(frozen=True)
class Presence:
    """An agent who has a case before their eyes."""

    agent: int
    name: str
    doing: Doing


def note(case: Case, agent: Agent, tab: str, doing: Doing) -> list[Presence]:
    """Note what an agent does with a case in one of their tabs and tell the others; tells who these are."""
    try:
        everyone = _noted(case.id, agent, tab, doing)
    except redis.RedisError as error:
        log.debug("who looks at case %s is not known: %s", case.id, error)
        return []
    oneself = everyone.pop(agent.id, Presence(agent.id, agent.name, Doing.GONE))
    news = {"case": case.id, "agent": agent.id, "name": agent.name, "doing": oneself.doing}
    if everyone:
        publish.here(case, everyone, news)
    return list(everyone.values())


def _noted(case_id: int, agent: Agent, tab: str, doing: Doing) -> dict[int, Presence]:
    """Everybody who is there after that, each with the most that they do in any tab."""
    key, field = f"{bus.channel}:here:{case_id}", f"{agent.id}:{tab}"
    pipeline = bus.redis.pipeline()
    if doing == Doing.GONE:
        pipeline.hdel(key, field)
    else:
        entry = json.dumps([agent.id, agent.name, doing, time.time() + LASTS_SECONDS])
        pipeline.hset(key, field, entry)
    pipeline.expire(key, LASTS_SECONDS)
    pipeline.hgetall(key)
    there: dict[int, Presence] = {}
    forgotten = []
    for tab_of_agent, entry in pipeline.execute()[-1].items():
        agent_id, name, doing, until = json.loads(entry)
        known = there.get(agent_id)
        if until <= time.time():
            forgotten.append(tab_of_agent)
        elif known is None or known.doing == Doing.VIEWING:
            there[agent_id] = Presence(agent_id, name, Doing(doing))
    if forgotten:
        bus.redis.hdel(key, *forgotten)
    return there
