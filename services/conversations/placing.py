"""Which case a message belongs to: the chat, a new one, or the gap in an old one that a late message fills."""

from __future__ import annotations

from sqlalchemy import select

from channels.base import Author, IncomingMessage
from extensions import db
from models import Case, Channel, Customer, Status
from services.exchange import routing
from services.uow import lock_case

from . import chat_states, messages


def place(channel: Channel, customer: Customer, incoming: IncomingMessage, actor: str) -> Case:
    """The case that a message belongs to, active if someone has to see it (C1–C4)."""
    latest = latest_case(channel, customer)
    gap = _gap(channel, customer, incoming)
    if gap is not None and gap is not latest:
        return gap
    is_over = latest is not None and latest.status == Status.CLOSED and incoming.author == Author.CUSTOMER
    if latest is None or (is_over and gap is None):
        group_id = routing.group_of_new(channel, incoming.group)
        return chat_states.start(channel, customer, incoming.conversation, actor, group_id=group_id)
    routing.follow(channel, latest, incoming.group)
    if not latest.active and incoming.author != Author.BOT and not _was_said_before_the_end(latest, incoming):
        chat_states.reactivate(latest, actor)
    return latest


def latest_case(channel: Channel, customer: Customer) -> Case | None:
    """The customer's chat in this channel, locked: the active one, else the newest."""
    query = (
        select(Case)
        .where(Case.channel_id == channel.id, Case.customer_id == customer.id)
        .order_by(Case.active.desc(), Case.id.desc())
        .limit(1)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    )
    return db.session().scalar(query)


def _gap(channel: Channel, customer: Customer, incoming: IncomingMessage) -> Case | None:
    """The case in which a late message was said between others: there it stands, not in a new one."""
    if incoming.said_at is None:
        return None
    case_id = messages.case_around(channel.id, customer.id, incoming.said_at)
    return None if case_id is None else lock_case(case_id)


def _was_said_before_the_end(case: Case, incoming: IncomingMessage) -> bool:
    """Whether an agent wrote this, in the vendor's own app, before the chat ended: nothing to re-activate it for."""
    by_agent = incoming.author == Author.AGENT
    return by_agent and bool(incoming.said_at and case.ended_at and incoming.said_at <= case.ended_at)
