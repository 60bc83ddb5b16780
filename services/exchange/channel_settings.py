"""What administrators choose for a connected channel: where its data is shown and to whom, whose chats go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from extensions import db
from models import Agent, Channel, Group
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.uow import note_agent, unit_of_work

MOST_ROUTES = 200
LONGEST_ID = 100


class Panel(StrEnum):
    """Where a channel's data stands: in a panel of its own, or with the customer's, below the latest cases."""

    SEPARATE = "separate"
    INFORMATIONAL = "informational"


@dataclass(frozen=True)
class ChannelSettings:
    """The choices for one channel.

    Args:
        panel: where what the vendor tells of a customer is shown.
        agents: the ids of those who see it; with `groups` empty too, everybody does.
        groups: the ids of the groups whose agents see it.
        routes: the desk's group by the vendor's own id of one; what is not named goes to the channel's group.
    """

    panel: Panel = Panel.INFORMATIONAL
    agents: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    routes: Mapping[str, int] = field(default_factory=dict)


def of(channel: Channel) -> ChannelSettings:
    """The channel's choices."""
    kept = channel.settings
    return ChannelSettings(
        panel=Panel(kept.get("panel", Panel.INFORMATIONAL)),
        agents=frozenset(kept.get("panel_agents", ())),
        groups=frozenset(kept.get("panel_groups", ())),
        routes=dict(kept.get("routes", {})),
    )


def change(channel_id: int, new: ChannelSettings) -> None:
    """Keep new choices.

    Raises:
        InvalidInput: too many routes, one without the vendor's id or with one that is too long or stands there twice,
            or an agent or group that does not exist.
    """
    routes = {clean_id(vendor_id): group for vendor_id, group in new.routes.items()}
    with unit_of_work() as session:
        if len(routes) > MOST_ROUTES or "" in routes or len(routes) < len(new.routes):
            raise InvalidInput("routes", N_("Enter an id in every row, in %(most)s rows at most."), most=MOST_ROUTES)
        if any(len(vendor_id) > LONGEST_ID for vendor_id in routes):
            raise InvalidInput("routes", N_("At most %(most)s characters fit."), most=LONGEST_ID)
        if any(session.get(Group, group_id) is None for group_id in (*new.groups, *routes.values())):
            raise InvalidInput("routes", N_("Choose a group."))
        if any(session.get(Agent, agent_id) is None for agent_id in new.agents):
            raise InvalidInput("agents", N_("Choose an agent."))
        channel = session.get_one(Channel, channel_id)
        chosen = {
            "panel": new.panel.value,
            "panel_agents": sorted(new.agents),
            "panel_groups": sorted(new.groups),
            "routes": routes,
        }
        news = _news(channel, chosen)
        channel.settings = {**channel.settings, **news}
        if news.keys() & {"panel_agents", "panel_groups"}:
            _note_everybody()


def clean_id(vendor_id: str) -> str:
    """A vendor's id of a group as it is kept: one line. One that is too long is left longer than `LONGEST_ID`."""
    return one_line(vendor_id, longest=LONGEST_ID + 1)


def _news(channel: Channel, chosen: dict[str, Any]) -> dict[str, Any]:
    """What differs from what is kept, or from the usual where nothing is: the audit log tells of nothing else."""
    usual: dict[str, Any] = {"panel": Panel.INFORMATIONAL.value, "panel_agents": [], "panel_groups": [], "routes": {}}
    return {name: value for name, value in chosen.items() if value != channel.settings.get(name, usual[name])}


def _note_everybody() -> None:
    """Have all open pages find out whether their agent still sees the data. Part of a unit of work."""
    for agent_id in db.session().scalars(select(Agent.id).where(Agent.active)):
        note_agent(agent_id)


def move_group(group_id: int, replacement_id: int) -> None:
    """What names a group that is closed names its replacement from then on. Part of the unit of work that closes it."""
    for channel in db.session().scalars(select(Channel)):
        kept = dict(channel.settings)
        routes = {vendor_id: _moved(group, group_id, replacement_id) for vendor_id, group in of(channel).routes.items()}
        seers = sorted({_moved(group, group_id, replacement_id) for group in of(channel).groups})
        if routes != kept.get("routes", {}) or seers != kept.get("panel_groups", []):
            channel.settings = {**kept, "routes": routes, "panel_groups": seers}


def _moved(group_id: int, closed: int, replacement: int) -> int:
    return replacement if group_id == closed else group_id
