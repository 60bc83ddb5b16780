"""Sweeps find what single jobs have missed; doubled runs do no harm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from rq import Queue
from sqlalchemy import func, select

from channels.base import Delivery, Receipt
from extensions import db
from jobs import queues, sweeps
from jobs.adapters import adapter_of
from models import Case, Channel, Event, EventKind, InboxItem, Message, OutboxItem
from models import Delivery as HowFar
from realtime.bus import bus
from services import clock
from services.conversations import chats
from services.exchange import intake, outbox
from tests import factories as make
from tests.channels.factories import fragment, said
from tests.serving import work_off

MONTH = timedelta(days=30)


@pytest.fixture(autouse=True)
def desk(app: Flask) -> Flask:
    return app


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def chatra(desk: Flask) -> Channel:
    return make.chatra()


def deliver(channel: Channel, *ids: str) -> None:
    """Let the vendor's hook bring messages, one delivery each."""
    for number, external_id in enumerate(ids):
        message = said(external_id, id=external_id, createdAt=1_767_225_600_000 + number)
        intake.accept(channel, adapter_of(channel.id), fragment(message))


def count(model: type[Message | InboxItem | OutboxItem]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def rung(queue: str) -> list[str]:
    """The streams that wait in a queue."""
    return [job.args[0] for job in Queue(queue, connection=bus.redis).jobs]


class TestEndSilentChats:
    def test_twice_ends_a_chat_once(self, traveller: time_machine.Traveller) -> None:
        case = make.chat()
        traveller.shift(timedelta(minutes=10))
        sweeps.end_silent_chats()
        sweeps.end_silent_chats()
        ended = select(func.count()).where(Event.case_id == case.id, Event.kind == EventKind.CHAT_ENDED)
        assert not make.fresh(case).active
        assert db.session.scalar(ended) == 1

    def test_leaves_the_others_alone(self, traveller: time_machine.Traveller) -> None:
        silent = make.chat(visitor="silent")
        traveller.shift(timedelta(minutes=9))
        lively = make.chat(visitor="lively")
        traveller.shift(timedelta(minutes=1))
        sweeps.end_silent_chats()
        assert [make.fresh(case).active for case in (silent, lively)] == [False, True]


class TestRingAgain:
    def test_rings_for_deliveries_whose_doorbell_was_lost(
        self, chatra: Channel, traveller: time_machine.Traveller
    ) -> None:
        deliver(chatra, "m1")
        bus.redis.flushall()
        sweeps.ring_again()
        assert rung(queues.INBOUND) == []
        traveller.shift(timedelta(seconds=11))
        sweeps.ring_again()
        assert len(rung(queues.INBOUND)) == 1

    def test_rings_once_for_a_stream_however_much_waits_in_it(
        self, chatra: Channel, traveller: time_machine.Traveller
    ) -> None:
        deliver(chatra, "m1", "m2", "m3")
        bus.redis.flushall()
        traveller.shift(timedelta(seconds=11))
        sweeps.ring_again()
        assert len(rung(queues.INBOUND)) == 1

    def test_twice_applies_everything_once(
        self, desk: Flask, chatra: Channel, traveller: time_machine.Traveller
    ) -> None:
        deliver(chatra, "m1", "m2")
        traveller.shift(timedelta(seconds=11))
        sweeps.ring_again()
        sweeps.ring_again()
        work_off(desk)
        assert count(Message) == 2
        assert db.session.scalar(select(func.count(Case.id))) == 1

    def test_rings_for_retries_that_are_due(self, chatra: Channel, traveller: time_machine.Traveller) -> None:
        case = make.chat(channel=chatra)
        chats.reply(case.id, make.agent(), "Hello")
        bus.redis.flushall()
        sweeps.ring_again()
        assert rung(queues.OUTBOUND) == [case.stream]


class TestExpireLeases:
    @pytest.fixture
    def claimed(self, chatra: Channel, traveller: time_machine.Traveller) -> Message:
        """An answer whose sender has died."""
        case = make.chat(channel=chatra)
        message = chats.reply(case.id, make.agent(), "Hello")
        assert outbox.claim(case.stream) is not None
        return message

    def test_leaves_a_sender_a_minute(self, claimed: Message, traveller: time_machine.Traveller) -> None:
        traveller.shift(timedelta(seconds=59))
        sweeps.expire_leases()
        assert self.state_of(claimed) == HowFar.SENDING

    def test_twice_says_once_that_an_echo_has_to_tell(
        self, claimed: Message, traveller: time_machine.Traveller
    ) -> None:
        traveller.shift(timedelta(seconds=61))
        sweeps.expire_leases()
        rev = make.case_of(claimed).rev
        sweeps.expire_leases()
        assert self.state_of(claimed) == HowFar.AWAITED
        assert make.case_of(claimed).rev == rev

    def test_says_after_two_minutes_without_an_echo_that_nobody_knows(
        self, claimed: Message, traveller: time_machine.Traveller
    ) -> None:
        traveller.shift(timedelta(seconds=61))
        sweeps.expire_leases()
        traveller.shift(timedelta(seconds=119))
        sweeps.expire_leases()
        assert self.state_of(claimed) == HowFar.AWAITED
        traveller.shift(timedelta(seconds=1))
        sweeps.expire_leases()
        assert self.state_of(claimed) == HowFar.UNKNOWN

    @staticmethod
    def state_of(message: Message) -> str:
        db.session.rollback()
        return db.session.get_one(Message, message.id, populate_existing=True).delivery


class TestRetire:
    def test_drops_what_was_done_a_month_ago_and_keeps_every_message(
        self, desk: Flask, chatra: Channel, traveller: time_machine.Traveller
    ) -> None:
        deliver(chatra, "m1")
        work_off(desk)
        case = db.session.scalars(select(Case)).one()
        chats.reply(case.id, make.agent(), "Hello")
        item = outbox.claim(case.stream)
        assert item is not None
        outbox.settle(item.id, Receipt("m2"))
        traveller.shift(MONTH - timedelta(seconds=1))
        sweeps.retire()
        assert (count(InboxItem), count(OutboxItem)) == (1, 1)
        traveller.shift(timedelta(seconds=2))
        sweeps.retire()
        sweeps.retire()
        assert (count(InboxItem), count(OutboxItem), count(Message)) == (0, 0, 2)

    def test_drops_what_could_not_be_used_after_three_months(
        self, chatra: Channel, traveller: time_machine.Traveller
    ) -> None:
        intake.accept(chatra, adapter_of(chatra.id), Delivery(raw=b"{}", body={}, nonce="strange"))
        traveller.shift(MONTH * 3 - timedelta(seconds=1))
        sweeps.retire()
        assert count(InboxItem) == 1
        traveller.shift(timedelta(seconds=2))
        sweeps.retire()
        assert count(InboxItem) == 0

    def test_keeps_what_was_not_applied_or_is_owed_however_old(
        self, chatra: Channel, traveller: time_machine.Traveller
    ) -> None:
        deliver(chatra, "m1")
        chats.reply(make.chat(channel=chatra).id, make.agent(), "Hello")
        traveller.shift(MONTH * 12)
        sweeps.retire()
        assert (count(InboxItem), count(OutboxItem)) == (1, 1)
