"""Tables and nothing else: columns, constraints and small pure properties."""

from .access import Access, AgentGroup, ChannelOff
from .agent import Agent
from .attachment import Attachment
from .audit import AuditEntry
from .case import Case, Delivery, Message, Status
from .channel import Channel, WhenAway, Widget
from .customer import Customer, Identity
from .event import Event, EventKind
from .group import Distribution, Group
from .inbox import InboxItem
from .notification import PushSubscription
from .outbox import OutboxItem, Verb
from .presence import Presence
from .role import Role
from .setting import Setting
from .sign_in import Invitation, PasswordLink, RecoveryCode, SignIn
from .status import AgentStatus, Handling, StatusKind, StatusSpan
from .stream import Stream

__all__ = [
    "Access",
    "Agent",
    "AgentGroup",
    "AgentStatus",
    "Attachment",
    "AuditEntry",
    "Case",
    "Channel",
    "ChannelOff",
    "Customer",
    "Delivery",
    "Distribution",
    "Event",
    "EventKind",
    "Group",
    "Handling",
    "Identity",
    "InboxItem",
    "Invitation",
    "Message",
    "OutboxItem",
    "PasswordLink",
    "Presence",
    "PushSubscription",
    "RecoveryCode",
    "Role",
    "Setting",
    "SignIn",
    "Status",
    "StatusKind",
    "StatusSpan",
    "Stream",
    "Verb",
    "WhenAway",
    "Widget",
]
