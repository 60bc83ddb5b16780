"""Much work at once: people who chat meanwhile are served between its slices, not behind it.

Of R30 these are the floods that exist so far: a clean-up, a transcript of thousands of messages, a vendor that jams
(test_vendor_down.py). Rules that loop and the deletion of many cases at once are tested where they are built.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from config import Settings
from extensions import db
from jobs import queues
from jobs.adapters import adapter_of
from models import Channel, InboxItem, Message
from services import clock, retention
from services.conversations import chats
from services.exchange import inbox, intake
from tests import factories as make
from tests.channels.factories import CLIENT_ID, fragment, said
from tests.jobs.working import working
from tests.processes.running import eventually

pytestmark = [pytest.mark.slow, pytest.mark.row("R30")]

DELIVERIES = 10_000
MESSAGES = 750


@pytest.fixture
def account(app: Flask) -> Channel:
    return make.chatra()


def old_deliveries(channel: Channel) -> None:
    """Ten thousand deliveries that were applied two months ago."""
    then = clock.now() - timedelta(days=60)
    row = {
        "channel_id": channel.id,
        "stream": f"channel:{channel.id}:{CLIENT_ID}",
        "body": b"{}" * 500,
        "state": inbox.DONE,
        "received_at": then,
        "done_at": then,
    }
    with db.engine.begin() as connection:
        connection.execute(insert(InboxItem), [{**row, "key": str(number)} for number in range(DELIVERIES)])


def left(channel: Channel) -> int:
    """How much of the clean-up is not done yet."""
    db.session.rollback()
    old = (InboxItem.channel_id == channel.id, InboxItem.done_at < clock.now() - retention.KEEP)
    return db.session.scalar(select(func.count(InboxItem.id)).where(*old)) or 0


def is_said(text: str) -> bool:
    db.session.rollback()
    return db.session.scalar(select(Message.id).where(Message.text == text)) is not None


def test_a_webhook_and_an_answer_pass_while_ten_thousand_deliveries_are_cleaned_up(
    app: Flask, settings: Settings, account: Channel
) -> None:
    case, ann = make.chat(), make.agent()
    old_deliveries(account)
    with working(settings, "local", "cleans up bit by bit") as worker:
        queues.enqueue(queues.SPARE, "jobs.sweeps.retire")
        assert eventually(lambda: left(account) < DELIVERIES)
        intake.accept(account, adapter_of(account.id), fragment(said("a webhook", id="new")))
        chats.reply(case.id, ann, "an answer")
        assert left(account) > 0
        assert eventually(lambda: is_said("a webhook"))
        (while_it_was_applied,) = worker.notes()[1:]
        assert eventually(lambda: left(account) == 0, 60)
    assert 1 < int(while_it_was_applied.split()[0]) < DELIVERIES


def test_a_webhook_and_an_answer_pass_while_a_transcript_of_many_hundred_messages_is_applied(
    app: Flask, settings: Settings, account: Channel
) -> None:
    case, ann = make.chat(), make.agent()
    transcript = [said(f"line {number}", id=str(number)) for number in range(MESSAGES)]
    intake.accept(account, adapter_of(account.id), fragment(*transcript, event="chatTranscript"))
    with working(settings, "local") as worker:
        assert eventually(lambda: is_said("line 0"))
        chats.reply(case.id, ann, "an answer")
        intake.accept(account, adapter_of(account.id), fragment(said("a webhook", id="new"), id="somebody else"))
        assert eventually(lambda: is_said(f"line {MESSAGES - 1}"), 120)
        assert worker.process.poll() is None
    ids = {text: number for number, text in db.session.execute(select(Message.id, Message.text))}
    assert ids["line 0"] < ids["an answer"] < ids["a webhook"] < ids[f"line {MESSAGES - 1}"]
    in_order = select(Message.text).where(Message.text.startswith("line")).order_by(Message.position)
    assert db.session.scalars(in_order).all() == [f"line {number}" for number in range(MESSAGES)]
