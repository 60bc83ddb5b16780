"""The channel contract: the few words that the desk and a channel exchange (design: docs/adr/0008)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol


class Author(StrEnum):
    """Who wrote a message. `SYSTEM` is the desk itself, which speaks to agents alone and never through a channel."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True)
class Capabilities:
    """What a channel can carry; the desk offers nothing that it cannot.

    `own_socket`: our own sockets bring messages to the customer, so that nothing is owed to a vendor. `presence`: it
    shows which agents are available. `presence_ttl`: after so many seconds a vendor forgets what it was told of that,
    None where it never does.
    """

    own_socket: bool = False
    typing: bool = False
    files: bool = False
    presence: bool = False
    presence_ttl: int | None = None
    edit: bool = False
    idempotent_sends: bool = False
    longest_text: int = 10_000


@dataclass(frozen=True)
class Connection:
    """One connected channel, as plain data: what an adapter is built from."""

    id: int
    kind: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Delivery:
    """One thing that came in, raw. `body` is the JSON object that it is, empty where it is none.

    `nonce` is unique to this delivery; an adapter mixes it into a key where the vendor gave nothing else to tell
    two deliveries apart. `fetched` marks what our own call brought instead of a hook.
    """

    raw: bytes
    body: dict[str, Any]
    nonce: str
    headers: dict[str, str] = field(default_factory=dict)
    fetched: bool = False


def json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object that a delivery is; an empty one for anything else, which no adapter takes for the vendor's."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


# Before a detail's key that nobody can read; the desk shows such fields by number.
UNNAMED = "unnamed:"


@dataclass(frozen=True)
class CustomerData:
    """What a channel knows about a customer. Empty strings mean "not known", so that nothing known is overwritten.

    `details` are shown in their order, each under its key; a time among them is ISO text with its zone.
    """

    external_id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """An attachment that has already been typed and stored."""

    name: str
    url: str


# Before an id of a message that its channel has made up, because the vendor named none.
_MADE_UP = "made-up:"


def made_up_ids(conversation: str) -> str:
    """What all the ids begin with that are made up for messages of this conversation."""
    return f"{_MADE_UP}{hashlib.sha256(conversation.encode()).hexdigest()[:16]}:"


def is_made_up(external_id: str) -> bool:
    """Whether the id is one that a channel has made up: the same message may come again under the vendor's own."""
    return external_id.startswith(_MADE_UP)


@dataclass(frozen=True)
class IncomingMessage:
    """Something said in a conversation outside the desk.

    `said_at` is the vendor's own time, None where it gave none. `external_id` is unique within the channel; where the
    vendor named none it is made up from what else is known, behind `made_up_ids`.
    """

    conversation: str
    customer: CustomerData
    external_id: str
    author: Author
    text: str
    said_at: datetime | None = None
    author_name: str = ""
    group: str = ""


@dataclass(frozen=True)
class Echo:
    """The vendor shows us a message that we sent ourselves: proof of its delivery, never a new message.

    `said_at` and `external_id` as of an `IncomingMessage`.
    """

    conversation: str
    external_id: str
    text: str
    said_at: datetime | None = None


@dataclass(frozen=True)
class CustomerUpdate:
    """Fresh data about a customer, without any message. `group` is the vendor's own, empty where it named none.

    `whole`: it is all that the channel knows, so that details which are missing are known no more.
    """

    conversation: str
    customer: CustomerData
    group: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Fetch:
    """A call to be made outside the inbound path; its answer comes back as a fetched delivery.

    `what` is the channel's own word, or "customer" where the desk wants to know all about one. `once`: not where that
    was told before, however long ago.
    """

    conversation: str
    what: str
    id: str
    once: bool = False


Inbound = IncomingMessage | Echo | CustomerUpdate | Fetch


@dataclass(frozen=True)
class Outbound:
    """One message that is owed to the vendor, in an agent's name; without one it speaks for the whole desk.

    A text that is longer than the channel takes comes in parts, each an `Outbound` of its own, the files with the last.
    """

    conversation: str
    text: str
    agent_name: str = ""
    agent_email: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Change:
    """A message that the vendor has is to read otherwise, or to be gone.

    Args:
        external_id: the vendor's id of it.
        text: its new words, empty in a deletion.
        by_agent: whether it was sent in an agent's name.
        files: those that go with its new words.
    """

    conversation: str
    external_id: str
    text: str = ""
    by_agent: bool = True
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """The vendor has taken the message. `external_id` is empty where it named none."""

    external_id: str = ""


@dataclass(frozen=True)
class AgentData:
    """An agent as a channel may know them. `email` is the address that the vendor was told last, if it was told."""

    id: int
    name: str
    email: str


@dataclass(frozen=True)
class Presence:
    """What a vendor is to show of an agent: available for live chats, or not.

    `shown` are all agents whom this channel is to show as available now, this one among them if so: where several
    agents share one of the vendor's operators, that one is there as long as any of them is.
    """

    agent: AgentData
    available: bool
    shown: tuple[AgentData, ...] = ()


class Rejected(Exception):
    """A delivery that does not come from the vendor or makes no sense; its text says why."""


class ChannelError(Exception):
    """A call to a vendor did not work out.

    Args:
        reason: one sentence that an agent or administrator can act on.
        permanent: trying the same call again cannot help.
        broken: the whole connection is unusable (keys refused) until an administrator mends it.
        retry_after: seconds that the vendor asked us to wait, if it did.
        uncertain: the vendor may have done it all the same; sending again may double it.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        broken: bool = False,
        retry_after: float | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.broken = broken
        self.retry_after = retry_after
        self.uncertain = uncertain


class Adapter(Protocol):
    """What every channel provides. Built from a `Connection` and the shared HTTP client; keeps no state."""

    kind: ClassVar[str]
    family: ClassVar[str]
    title: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    def verify(self, delivery: Delivery) -> None:
        """Raise `Rejected` unless the delivery is the vendor's and of a shape that we understand."""

    def key(self, delivery: Delivery) -> str:
        """The delivery's own key: two deliveries with one key are one."""

    def conversation(self, delivery: Delivery) -> str:
        """Whose order the delivery must keep; empty where it belongs to no conversation."""

    def parse(self, delivery: Delivery) -> list[Inbound]:
        """What the delivery says, oldest first. Pure; what it does not know it leaves out."""

    def fetch(self, what: Fetch) -> dict[str, Any]:
        """Make the call and return a body that `parse` understands. Raises `ChannelError`."""

    def perform(self, item: Outbound) -> Receipt:
        """Send one message. Raises `ChannelError`."""

    def event(self, delivery: Delivery) -> str:
        """What the vendor calls such a delivery, for the log; empty where it says nothing."""

    def edit(self, change: Change) -> None:
        """Have a message read otherwise; asked only of a channel with `capabilities.edit`. Raises `ChannelError`."""

    def delete(self, change: Change) -> None:
        """Take a message away; asked only of a channel with `capabilities.edit`. Raises `ChannelError`.

        One that the vendor does not know any more counts as taken away.
        """

    def show_presence(self, presence: Presence) -> None:
        """Have the vendor show an agent as available or not; asked only of a channel with `capabilities.presence`.

        Must be right however often it is repeated: a call whose outcome nobody knows is made again. Raises
        `ChannelError`.
        """

    def connect(self) -> None:
        """Check the credentials against the vendor. Raises `ChannelError`."""
