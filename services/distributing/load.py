"""Load: how many chats agents have, and how many they may be given (product.md §2.3)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, func, select

from models import Agent, Case
from services import settings


def chats() -> ScalarSelect[int]:
    """How many chats an agent has now, given or taken."""
    return select(func.count(Case.id)).where(Case.active, Case.fixated_to_id == Agent.id).scalar_subquery()


def capacity() -> ColumnElement[int]:
    """How many chats an agent may be given at once: as many as stands with them, or as usual."""
    return func.coalesce(Agent.capacity, settings.chats().chats_at_once)
