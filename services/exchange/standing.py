"""How far a message has got at its vendor, read from the calls that were owed for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from extensions import db
from models import Delivery, Message, OutboxItem, Verb

from . import parts
from .parts import Part

READY, SENDING, DONE, FAILED = "ready", "sending", "done", "failed"
AWAITING, UNKNOWN, WITHDRAWN = "awaiting", "unknown", "withdrawn"
# The first of these that any of its calls is in decides how a message stands.
_DECIDING = {
    FAILED: Delivery.FAILED,
    UNKNOWN: Delivery.UNKNOWN,
    AWAITING: Delivery.AWAITED,
    SENDING: Delivery.SENDING,
    READY: Delivery.SENDING,
}
_STOPPED = (FAILED, UNKNOWN)
_OPEN = (SENDING, AWAITING)


@dataclass(frozen=True)
class Copy:
    """A part that the vendor has. `changes` are the calls owed since to change it, in their order."""

    sent: OutboxItem
    changes: Sequence[OutboxItem]

    @property
    def part(self) -> int:
        """Which part of its message."""
        return self.sent.part

    @property
    def external_id(self) -> str:
        """The vendor's id of it, empty where it told none."""
        return self.sent.external_id

    @property
    def last(self) -> OutboxItem | None:
        """The latest of its changes."""
        return self.changes[-1] if self.changes else None

    @property
    def coming(self) -> Part | None:
        """What the vendor shows of it once the call under way is done; None where it is taken away."""
        calls = [item for item in (self.sent, *self.changes) if item.state in (DONE, SENDING)]
        return wish_of(calls[-1])


@dataclass(frozen=True)
class Standing:
    """The calls of one message."""

    items: Sequence[OutboxItem]

    def copies(self) -> list[Copy]:
        """What the vendor has of it."""
        return [Copy(sent, self._changes_of(sent)) for sent in self._sends() if sent.state == DONE]

    def send_of(self, part: int) -> OutboxItem | None:
        """The call by which this part was or is to be sent: the one that arrived, else the latest."""
        found = [item for item in self._sends() if item.part == part]
        return next((item for item in found if item.state == DONE), found[-1] if found else None)

    def is_stopped(self) -> bool:
        """Whether a part waits for an agent, and those behind it with it."""
        return any(item is not None and item.state in _STOPPED for item in map(self.send_of, self.places()))

    def places(self) -> range:
        """The numbers of all parts that were ever owed."""
        return range(max((item.part for item in self.items), default=-1) + 1)

    def outcome(self, wanted: int) -> tuple[Delivery, str]:
        """How the message stands, and why if something is the matter.

        Args:
            wanted: how many parts it has; none once it was deleted.
        """
        deciding = list(self._deciding(wanted))
        for state, delivery in _DECIDING.items():
            if found := next((item for item in deciding if item.state == state), None):
                return delivery, found.reason if delivery is not Delivery.SENDING else ""
        return Delivery.SENT, ""

    def _deciding(self, wanted: int) -> Iterator[OutboxItem]:
        for copy in self.copies():
            if copy.last is not None:
                yield copy.last
        for place in self.places():
            item = self.send_of(place)
            # What nobody wants any more may have failed.
            if item is not None and (place < wanted or item.state in _OPEN):
                yield item

    def _sends(self) -> list[OutboxItem]:
        return [item for item in self.items if item.verb == Verb.SEND and item.state != WITHDRAWN]

    def _changes_of(self, sent: OutboxItem) -> list[OutboxItem]:
        changes = [item for item in self.items if item.verb != Verb.SEND and item.state != WITHDRAWN]
        return [item for item in changes if item.part == sent.part and item.external_id in ("", sent.external_id)]


def of(message: Message) -> Standing:
    """How the message stands now."""
    query = select(OutboxItem).where(OutboxItem.message_id == message.id).order_by(OutboxItem.id)
    return Standing(list(db.session().scalars(query)))


def wish_of(item: OutboxItem) -> Part | None:
    """What the vendor shows once the call is done: these words, or nothing."""
    return None if item.verb == Verb.DELETE else parts.said(item)
