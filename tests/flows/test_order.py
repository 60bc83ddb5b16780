"""What waits behind a jammed worker is done in the order in which it was stored, not in that of luck."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from config import Settings
from extensions import db
from jobs.adapters import adapter_of
from models import InboxItem, Message, OutboxItem
from services.conversations import chats
from services.exchange import inbox, intake
from tests import factories as make
from tests.channels.factories import CLIENT_ID, fragment, said
from tests.flows.conftest import Flow
from tests.jobs.working import working
from tests.processes.running import eventually
from tests.vendors.chatra import ChatraSimulator

pytestmark = [pytest.mark.slow, pytest.mark.row("R17")]

MANY = 30


def all_are(state: object, done: str) -> bool:
    """Whether everything is in this state."""
    db.session.rollback()
    return set(db.session.scalars(select(state))) == {done}  # type: ignore[call-overload]


def test_deliveries_without_a_time_stand_in_the_order_in_which_they_were_stored(flow: Flow, settings: Settings) -> None:
    with working(settings, "local") as jammed:
        jammed.suspend()
        for number in range(MANY):
            delivery = fragment(said(f"line {number}", id=f"{number * 7919 % 104_729}", createdAt=None))
            intake.accept(flow.channel, adapter_of(flow.channel.id), delivery)
        jammed.resume()
        with working(settings, "local"):
            assert eventually(lambda: all_are(InboxItem.state, inbox.DONE))
    stored = db.session.scalars(select(InboxItem.id).order_by(InboxItem.id)).all()
    told = db.session.scalars(select(Message.text).order_by(Message.position)).all()
    assert len(stored) == MANY
    assert told == [f"line {number}" for number in range(MANY)]


def test_answers_reach_the_vendor_in_the_order_in_which_they_were_stored(
    flow: Flow, chatra: ChatraSimulator, settings: Settings
) -> None:
    visitor = chatra.visitor_says(CLIENT_ID, "Hi").client_id
    flow.settle()
    (case,) = flow.chats()
    ann = make.agent()
    with working(settings, "vendor") as jammed:
        jammed.suspend()
        ids = [chats.reply(case.id, ann, f"answer {number}").id for number in range(MANY)]
        with working(settings, "vendor"):
            jammed.resume()
            assert eventually(lambda: all_are(OutboxItem.state, "done"), 60)
    arrived = [message.text for message in chatra.messages(visitor) if message.type == "agent"]
    assert ids == sorted(ids)
    assert arrived == [f"answer {number}" for number in range(MANY)]
