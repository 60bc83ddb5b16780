"""Chats to look at: with every kind of message, at the end of their time, ended."""

from __future__ import annotations

import io
from datetime import timedelta

from channels.base import Author, CustomerData, CustomerUpdate
from extensions import db
from jobs.adapters import adapter_of
from models import Agent, Case, Channel, Customer, Delivery, InboxItem, Message, StatusKind
from services import clock
from services.attendance import statuses
from services.conversations import attachments, chats, messages
from services.events import SYSTEM
from services.exchange import channels, intake
from services.uow import lock_case, unit_of_work
from tests import factories as make
from tests.channels.factories import delivery

# A picture of one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000"
    "00030101001864dd8e0000000049454e44ae426082"
)


def chat_with_everything(agent: Agent, visitor: str = "everything") -> Case:
    """A chat of the agent's in which everything has been said and one answer has failed, one perhaps."""
    case = make.chat("Where is my order 7731? See https://shop.example/orders/7731", visitor=visitor)
    files = attachments.store([attachments.Upload(name, io.BytesIO(PNG)) for name in ("lamp.png",)])
    papers = attachments.store([attachments.Upload("invoice with a long name.txt", io.BytesIO(b"plain words"))])
    chats.receive(case.channel, make.incoming("Here it is", visitor=visitor), files=files)
    chats.receive(case.channel, make.incoming("I am a bot", visitor=visitor, author=Author.BOT))
    for text in ("It left this morning.", "This one failed", "This one perhaps"):
        chats.reply(case.id, agent, text, files=papers if text.startswith("It") else ())
    _mark_last(case, Delivery.UNKNOWN, Delivery.FAILED)
    known = CustomerData(visitor, email="maria@shop.example", phone="+49 30 1234", details={"Browser": "Firefox 140"})
    chats.update_customer(case.channel, CustomerUpdate(visitor, known))
    return make.fresh(case)


def ended_case(agent: Agent, status: str = "closed", visitor: str = "ended") -> Case:
    """A case whose chat has ended."""
    case = make.chat("Thank you!", visitor=visitor)
    chats.take(case.id, agent)
    chats.end(case.id, agent, status)
    return make.fresh(case)


def nearly_silent(case: Case) -> None:
    """Let the chat's time be up soon."""
    with unit_of_work() as session:
        session.get_one(Case, case.id).ends_at = clock.now() + timedelta(seconds=100)


def stops_chatting(agent: Agent) -> None:
    """Let the agent choose *Without chats*."""
    statuses.choose(agent.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)


def settle_last(case: Case, delivery: Delivery) -> None:
    """Let a worker find out what became of the case's last message."""
    with unit_of_work() as session:
        case = lock_case(case.id)
        newest = db.select(Message).where(Message.case_id == case.id).order_by(Message.id.desc()).limit(1)
        message = session.scalars(newest).one()
        message.delivery, message.delivery_reason = delivery, "Chatra did not accept it (answer 400)."
        messages.changed(case, message, SYSTEM)


def broken_channel() -> Channel:
    """A Chatra account that has refused us."""
    channel = make.chatra()
    channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
    return channel


def delivery_set_aside(channel: Channel) -> InboxItem:
    """What this account has sent and nobody understood."""
    body = {"eventName": "agentJoined", "client": {"id": "visitor"}}
    intake.accept(channel, adapter_of(channel.id), delivery(body, nonce=intake.new_nonce()))
    return db.session.scalars(db.select(InboxItem).order_by(InboxItem.id.desc()).limit(1)).one()


def newest_case() -> Case:
    """The case that was made last, as the database has it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(Case).order_by(Case.id.desc()).limit(1)).one()


def newest_case_of(name: str) -> Case:
    """The newest case of a customer of this name."""
    db.session.rollback()
    query = db.select(Case).join(Customer).where(Customer.name == name).order_by(Case.id.desc()).limit(1)
    return db.session.scalars(query).one()


def _mark_last(case: Case, *deliveries: Delivery) -> None:
    with unit_of_work() as session:
        newest = db.select(Message).where(Message.case_id == case.id).order_by(Message.id.desc())
        for message, delivery in zip(session.scalars(newest.limit(len(deliveries))), deliveries, strict=True):
            message.delivery = delivery
            message.delivery_reason = "Chatra did not accept it (answer 400)."
