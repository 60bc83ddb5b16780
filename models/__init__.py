"""Tables and nothing else: columns, constraints and small pure properties."""

from .access import Access, AgentGroup, ChannelOff
from .agent import Agent
from .attachment import Attachment
from .case import Case, Delivery, Message, Status
from .channel import Channel, Widget
from .customer import Customer, Identity
from .event import Event, EventKind
from .group import Group
from .inbox import InboxItem
from .outbox import OutboxItem
from .setting import Setting
from .status import AgentStatus, Handling, StatusKind, StatusSpan
from .stream import Stream

__all__ = [
    "Access",
    "Agent",
    "AgentGroup",
    "AgentStatus",
    "Attachment",
    "Case",
    "Channel",
    "ChannelOff",
    "Customer",
    "Delivery",
    "Event",
    "EventKind",
    "Group",
    "Handling",
    "Identity",
    "InboxItem",
    "Message",
    "OutboxItem",
    "Setting",
    "Status",
    "StatusKind",
    "StatusSpan",
    "Stream",
    "Widget",
]
