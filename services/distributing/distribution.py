"""Which agent is given which chat: a pure decision (product.md §2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models import Distribution

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """A chat that nobody has. `suits` are the available agents who may be given it and have not let it go before."""

    case_id: int
    distribution: Distribution
    suits: frozenset[int]


@dataclass(frozen=True)
class Candidate:
    """An available agent: how many chats they have, how many they may be given, and when they were given one last."""

    agent_id: int
    chats: int
    capacity: int
    given_at: datetime | None = None


@dataclass(frozen=True)
class Gift:
    """A chat for an agent."""

    case_id: int
    agent_id: int


def plan(waiting: Sequence[Waiting], candidates: Sequence[Candidate]) -> list[Gift]:
    """Who is given what now, in the order of the line. What suits nobody who is free goes on waiting.

    Args:
        waiting: the line, the longest waiting chat first.
        candidates: everybody who is available for one of these chats.
    """
    # The longest without a gift stands first; whoever is given one goes to the end.
    row = sorted(candidates, key=lambda one: (one.given_at or _NEVER, one.agent_id))
    chats = {one.agent_id: one.chats for one in candidates}
    gifts = []
    for chat in waiting:
        free = [one for one in row if chats[one.agent_id] < one.capacity]
        if not free:
            break
        suitable = [one for one in free if one.agent_id in chat.suits]
        if not suitable:
            continue
        chosen = _choose(chat.distribution, suitable, chats)
        chats[chosen.agent_id] += 1
        row.remove(chosen)
        row.append(chosen)
        gifts.append(Gift(chat.case_id, chosen.agent_id))
    return gifts


def _choose(distribution: Distribution, suitable: Sequence[Candidate], chats: dict[int, int]) -> Candidate:
    """The first of the row, or the first of those who have the fewest chats."""
    if distribution == Distribution.LEAST_BUSY:
        return min(suitable, key=lambda one: chats[one.agent_id])
    return suitable[0]
