"""The log of a connection: what came in and which calls were owed to the vendor, as one list, newest first.

Each kind keeps its own order and its own place in the cursor, so that nothing is shown twice or left out where a
clock was set back. Bodies are read one at a time, when somebody asks for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from heapq import merge
from itertools import islice

from sqlalchemy import func, literal, select
from sqlalchemy.orm import defer

from extensions import db
from models import Agent, Case, Channel, Customer, Delivery, InboxItem, Message, OutboxItem
from models.stream import stream_key
from services import access

from . import inbox, outbox

PAGE = 50
LATEST = 5
# Written into the statements: with bound values SQLite cannot see that the partial indexes fit.
_IS_ASIDE = InboxItem.state == literal(inbox.ASIDE, literal_execute=True)
_TROUBLE = (outbox.FAILED, outbox.UNKNOWN)
_IS_TROUBLE = OutboxItem.state.in_([literal(state, literal_execute=True) for state in _TROUBLE])


class Show(StrEnum):
    """Which lines are wanted."""

    EVERYTHING = ""
    IN = "in"
    OUT = "out"
    ATTENTION = "attention"


@dataclass(frozen=True)
class Cursor:
    """Where a page ends: the next one has what is older than these, each None where nothing of it was shown yet."""

    inbox: int | None = None
    outbox: int | None = None

    def __str__(self) -> str:
        return f"{self.inbox or ''}-{self.outbox or ''}"


@dataclass(frozen=True)
class AboutCase:
    """The case that a line belongs to, for an agent who may see it."""

    id: int
    customer_id: int
    customer_name: str


@dataclass(frozen=True)
class Line:
    """One delivery or one call.

    Args:
        id: its number among those of its kind.
        is_call: whether it is a call that was owed to the vendor, and not a delivery that came in.
        at: when it came in or began to be owed.
        event: the vendor's name of a delivery, empty where it is not known; what a call is to do.
        part: which part of a long message, from 0.
        conversation: the vendor's id of it, empty where a delivery named none.
        case: for whoever may see it.
        state: as `InboxItem.state` or `OutboxItem.state`.
        reason: why it is not done, if anything went wrong.
        attempts: how often it was tried.
        is_made_good: whether a call that failed or is in doubt is of a message that has arrived since.
        may_replay: whether it can be applied again.
    """

    id: int
    is_call: bool
    at: datetime
    event: str
    part: int
    conversation: str
    case: AboutCase | None
    state: str
    reason: str
    attempts: int
    is_made_good: bool
    may_replay: bool


@dataclass(frozen=True)
class Page:
    """One page of the log; `next` is None on the last one."""

    lines: list[Line]
    next: Cursor | None


@dataclass(frozen=True)
class _Candidate:
    """A case of a conversation that lines speak of, and whether the reader may see it."""

    conversation: str
    made_at: datetime
    about: AboutCase
    sees: bool


@dataclass(frozen=True)
class _Found:
    """A row of either table, and of a call's message the case and how it stands."""

    item: InboxItem | OutboxItem
    at: datetime
    case_id: int = 0
    delivery: str = ""


def page(
    channel: Channel,
    agent: Agent,
    *,
    show: Show = Show.EVERYTHING,
    after: Cursor | None = None,
    size: int = PAGE,
    replayed: int | None = None,
) -> Page:
    """A page of the channel's log.

    Args:
        channel: whose log.
        agent: who reads it; cases that they may not see are left out of its lines.
        show: which lines.
        after: where the page before ended.
        size: how many lines.
        replayed: a delivery that is being applied again; it keeps its place among what needs attention.
    """
    after = after or Cursor()
    came = _deliveries(channel, show, after.inbox, size + 1, replayed) if show != Show.OUT else []
    owed = _calls(channel, show, after.outbox, size + 1) if show != Show.IN else []
    # One more than fits tells whether there is another page.
    found = list(islice(merge(came, owed, key=lambda one: one.at, reverse=True), size + 1))
    shown = found[:size]
    cases = _cases(channel, agent, shown)
    lines = [_line(channel, one, cases) for one in shown]
    return Page(lines, _behind(shown, after) if len(found) > size else None)


def delivery(channel: Channel, agent: Agent, item_id: int) -> Line | None:
    """The line of one delivery, None where the channel has none of that number."""
    item = db.session().get(InboxItem, item_id, options=[defer(InboxItem.body, raiseload=True)])
    if item is None or item.channel_id != channel.id:
        return None
    found = _Found(item, item.received_at)
    return _line(channel, found, _cases(channel, agent, [found]))


def latest(channel: Channel, agent: Agent) -> list[Line]:
    """The channel's last few lines."""
    return page(channel, agent, size=LATEST).lines


def set_aside() -> Mapping[int, int]:
    """How many deliveries of each channel wait to be looked at; channels without any are left out."""
    query = select(InboxItem.channel_id, func.count(InboxItem.id)).where(_IS_ASIDE).group_by(InboxItem.channel_id)
    return dict(db.session().execute(query).all())


def _deliveries(channel: Channel, show: Show, before: int | None, most: int, replayed: int | None) -> list[_Found]:
    query = select(InboxItem).options(defer(InboxItem.body, raiseload=True)).where(InboxItem.channel_id == channel.id)
    if before is not None:
        query = query.where(InboxItem.id < before)
    wanted = query.where(_IS_ASIDE) if show == Show.ATTENTION else query
    found = list(db.session().scalars(wanted.order_by(InboxItem.id.desc()).limit(most)))
    if show == Show.ATTENTION and replayed is not None:
        # Asked for by itself: together with the state no index would fit.
        others = db.session().scalars(query.where(InboxItem.id == replayed, ~_IS_ASIDE))
        found = sorted([*found, *others], key=lambda item: item.id, reverse=True)[:most]
    return [_Found(item, item.received_at) for item in found]


def _calls(channel: Channel, show: Show, before: int | None, most: int) -> list[_Found]:
    query = select(OutboxItem, Message.case_id, Message.delivery).options(defer(OutboxItem.text))
    query = query.join(Message, Message.id == OutboxItem.message_id).where(OutboxItem.channel_id == channel.id)
    if show == Show.ATTENTION:
        query = query.where(_IS_TROUBLE, Message.delivery.in_((Delivery.FAILED, Delivery.UNKNOWN)))
    if before is not None:
        query = query.where(OutboxItem.id < before)
    found = db.session().execute(query.order_by(OutboxItem.id.desc()).limit(most))
    return [_Found(item, item.created_at, case_id, delivery) for item, case_id, delivery in found]


def _behind(shown: list[_Found], after: Cursor) -> Cursor:
    """The next page's cursor: behind the last shown of each kind."""
    came = [one.item.id for one in shown if isinstance(one.item, InboxItem)]
    owed = [one.item.id for one in shown if isinstance(one.item, OutboxItem)]
    return Cursor(inbox=came[-1] if came else after.inbox, outbox=owed[-1] if owed else after.outbox)


def _conversation(channel: Channel, one: _Found) -> str:
    return one.item.stream.removeprefix(stream_key(channel.id, ""))


def _cases(channel: Channel, agent: Agent, shown: list[_Found]) -> list[_Candidate]:
    """The cases of these conversations, newest first."""
    conversations = {_conversation(channel, one) for one in shown} - {""}
    sees = access.visible_cases(agent).label("sees")
    query = select(Case.id, Case.conversation, Case.created_at, Customer.id, Customer.name, sees)
    query = query.join(Customer, Customer.id == Case.customer_id)
    query = query.where(Case.channel_id == channel.id, Case.conversation.in_(conversations))
    found = db.session().execute(query.order_by(Case.id.desc()))
    return [_Candidate(of, made, AboutCase(id, who, name), sees) for id, of, made, who, name, sees in found]


def _line(channel: Channel, one: _Found, cases: list[_Candidate]) -> Line:
    item, conversation = one.item, _conversation(channel, one)
    if isinstance(item, OutboxItem):
        event, part, case, may_replay = item.verb, item.part, _with_id(cases, one.case_id), False
    else:
        event, part, case = item.event, 0, _led_to(cases, conversation, item.done_at)
        may_replay = channel.disconnected_at is None and inbox.may_replay(item)
    return Line(
        id=item.id,
        is_call=isinstance(item, OutboxItem),
        at=one.at,
        event=event,
        part=part,
        conversation=conversation,
        case=case.about if case is not None and case.sees else None,
        state=item.state,
        reason="" if item.state == inbox.DONE else item.reason,
        attempts=item.attempts,
        is_made_good=item.state in _TROUBLE and one.delivery == Delivery.SENT,
        may_replay=may_replay,
    )


def _with_id(cases: list[_Candidate], id: int) -> _Candidate | None:
    return next((case for case in cases if case.about.id == id), None)


def _led_to(cases: list[_Candidate], conversation: str, applied_at: datetime | None) -> _Candidate | None:
    """The case that was the conversation's newest when a delivery was applied; it may have filled a gap in an older."""
    there = (case for case in cases if case.conversation == conversation)
    return next((case for case in there if applied_at is None or case.made_at <= applied_at), None)
