"""What a commit tells the rest of the desk (docs/adr/0005): events to show, doorbells to ring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from blinker import Signal

from models import Case, Event, EventKind

from . import clock
from .sight import Sight

committed = Signal("sent after every unit of work that changed something; the sender is its `Work`")

SYSTEM = "system"


@dataclass
class Work:
    """What one unit of work has changed and whom it has to wake.

    `agents` are those whose status, connection or access changed, `signed_out` the keys of the sign-ins that ended.
    `before` tells of each case how it stood before what decides who sees it was changed.
    """

    events: list[Event] = field(default_factory=list)
    rings: list[tuple[str, str]] = field(default_factory=list)
    agents: set[int] = field(default_factory=set)
    signed_out: set[str] = field(default_factory=set)
    before: dict[int, Sight] = field(default_factory=dict)

    def announce(self) -> None:
        """Tell everyone who listens. Runs after the commit; listeners deal with their own failures."""
        if self.events or self.rings or self.agents or self.signed_out:
            committed.send(self)


def agent_actor(agent_id: int) -> str:
    """How an agent is named in the changelog."""
    return f"agent_{agent_id}"


def customer_actor(customer_id: int) -> str:
    """How a customer is named in the changelog."""
    return f"customer_{customer_id}"


def new_event(case: Case, kind: EventKind, actor: str, **data: Any) -> Event:  # noqa: ANN401  JSON values
    """An event at the case's present revision."""
    return Event(case_id=case.id, rev=case.rev, kind=kind, actor=actor, data=data, created_at=clock.now())
