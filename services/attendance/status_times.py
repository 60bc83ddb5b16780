"""How long agents were in each status (product.md §4.1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from extensions import db
from models import StatusSpan
from services import clock

# By the status's id.
Times = dict[int, timedelta]


def of(agent_id: int, begin: datetime, end: datetime) -> Times:
    """How long the agent was in each status between two moments."""
    return _spent(begin, end, agent_id).get(agent_id, {})


def of_everyone(begin: datetime, end: datetime) -> dict[int, Times]:
    """The same of all agents, by their ids; those without a status in this time are left out."""
    return _spent(begin, end)


def _spent(begin: datetime, end: datetime, *agent_ids: int) -> dict[int, Times]:
    now = clock.now()
    within = (StatusSpan.began_at < end, or_(StatusSpan.ended_at.is_(None), StatusSpan.ended_at > begin))
    spans = select(StatusSpan.agent_id, StatusSpan.status_id, StatusSpan.began_at, StatusSpan.ended_at).where(*within)
    if agent_ids:
        spans = spans.where(StatusSpan.agent_id.in_(agent_ids))
    spent: defaultdict[int, Times] = defaultdict(dict)
    for agent_id, status_id, began_at, ended_at in db.session().execute(spans):
        lasted = min(ended_at or now, end) - max(began_at, begin)
        if lasted > timedelta():
            spent[agent_id][status_id] = spent[agent_id].get(status_id, timedelta()) + lasted
    return dict(spent)
