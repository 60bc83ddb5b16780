"""What a channel tells about a customer, as an agent sees it: all of it, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from channels.base import UNNAMED
from models import Agent, Case, Channel, Identity
from services import access
from services.exchange import channel_settings
from services.exchange.channel_settings import Panel

_FIRST_YEAR, _LAST_YEAR = 2000, 2099


@dataclass(frozen=True)
class Fact:
    """One thing that is known. `number` instead of a label: a field to which the vendor gives no readable name.

    `at` is the value where that is a moment.
    """

    label: str
    value: str
    number: int = 0
    at: datetime | None = None


@dataclass(frozen=True)
class VendorData:
    """All that a channel has told about a customer, last at `as_of`."""

    channel: Channel
    panel: Panel
    facts: tuple[Fact, ...]
    as_of: datetime | None

    @property
    def has_unnamed(self) -> bool:
        """Whether there are fields without a readable name."""
        return any(fact.number for fact in self.facts)


def seen_by(agent: Agent, case: Case, identity: Identity | None) -> VendorData | None:
    """What the agent sees of it, None where it is not for them.

    Args:
        agent: who looks.
        case: the case, which they may see.
        identity: how the case's channel knows its customer.
    """
    if not access.sees_data_of(case.channel, agent):
        return None
    details = {} if identity is None else identity.details
    as_of = None if identity is None else identity.refreshed_at
    return VendorData(case.channel, channel_settings.of(case.channel).panel, _facts(details), as_of)


def _facts(details: Mapping[str, str]) -> tuple[Fact, ...]:
    """What has a name in the channel's order, then the rest, numbered in an order that does not depend on it."""
    named = (Fact(key, value, at=_moment(value)) for key, value in details.items() if not key.startswith(UNNAMED))
    unnamed = sorted(key for key in details if key.startswith(UNNAMED))
    return (*named, *(Fact("", details[key], number) for number, key in enumerate(unnamed, start=1)))


def _moment(value: str) -> datetime | None:
    """The value as a moment in UTC, if it is one with its zone; a date alone is left as it was written.

    So is a time that nobody can mean: visitors may write what they like, up to the ends of the calendar.
    """
    try:
        found = datetime.fromisoformat(value)
        at = found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
    return at if at is not None and _FIRST_YEAR <= at.year <= _LAST_YEAR else None
