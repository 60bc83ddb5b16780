"""Workers and web processes that are killed in the middle: nothing is lost, nothing happens twice."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from channels.base import Delivery as Arrived
from config import Settings
from extensions import db
from jobs import queues, sweeps
from jobs.adapters import adapter_of
from models import Case, Delivery, Event, InboxItem, Message, OutboxItem
from realtime import publish
from realtime.bus import bus
from services import clock
from services.conversations import chats
from services.exchange import inbox, intake, outbox
from tests import factories as make
from tests.channels.factories import fragment, said
from tests.flows.conftest import Flow
from tests.jobs.working import environ_of, working
from tests.processes.running import ROOT, eventually
from tests.serving import work_off
from tests.vendors.chatra import ChatraSimulator

pytestmark = pytest.mark.slow

KILLED = -9


def arrive(flow: Flow, *deliveries: Arrived) -> None:
    """Let deliveries have come in a minute ago, without anybody who was told of them."""
    with time_machine.travel(clock.now() - timedelta(minutes=1)):
        for delivery in deliveries:
            intake.accept(flow.channel, adapter_of(flow.channel.id), delivery)
    bus.redis.flushall()


def texts() -> list[str]:
    """Everything that was said, in order."""
    db.session.rollback()
    return list(db.session.scalars(select(Message.text).order_by(Message.case_id, Message.position)))


def pending() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(InboxItem.state == inbox.PENDING)) or 0


@pytest.mark.row("R18")
def test_two_workers_at_the_same_deliveries_make_one_complete_record_of_each(flow: Flow, settings: Settings) -> None:
    visitors = [f"visitor{number}" for number in range(15)]
    arrive(
        flow,
        *[
            fragment(
                said("one", id=f"{visitor} 1", createdAt=1_767_225_600_000),
                said("two", id=f"{visitor} 2", createdAt=1_767_225_601_000),
                id=visitor,
                displayedName="Maria",
            )
            for visitor in visitors
        ],
    )
    with working(settings, "local"), working(settings, "local"):
        for visitor in visitors:
            for _worker in range(2):
                queues.enqueue(queues.INBOUND, "jobs.inbound.drain", f"channel:{flow.channel.id}:{visitor}")
        assert eventually(lambda: pending() == 0)
    assert texts() == ["one", "two"] * 15
    assert {case.customer.name for case in db.session.scalars(select(Case))} == {"Maria"}
    assert db.session.scalar(select(func.count(Case.id))) == 15


@pytest.mark.row("R32")
def test_a_worker_killed_in_the_middle_of_a_delivery_is_followed_by_one_that_goes_on(
    flow: Flow, settings: Settings
) -> None:
    words = [f"number {place}" for place in range(2 * inbox.SLICE)]
    words[inbox.SLICE + 5] = "stand still"
    transcript = [said(text, id=text, createdAt=1_767_225_600_000 + place) for place, text in enumerate(words)]
    arrive(flow, fragment(*transcript, event="chatTranscript"))
    sweeps.ring_again()
    with working(settings, "local", "stands still in a delivery") as worker:
        assert eventually(lambda: worker.noted("stands still"))
        assert texts() == words[: inbox.SLICE]
        worker.kill()
    sweeps.ring_again()
    with working(settings, "local"):
        assert eventually(lambda: pending() == 0)
    assert texts() == words


@pytest.mark.row("R31")
def test_a_delivery_that_kills_every_worker_is_set_aside_and_those_behind_it_pass(
    flow: Flow, settings: Settings
) -> None:
    arrive(
        flow,
        fragment(said("deadly", id="1", createdAt=1_767_225_600_000)),
        fragment(said("behind it", id="2", createdAt=1_767_225_601_000)),
        fragment(said("beside it", id="3"), id="somebody else"),
    )
    for _worker in range(inbox.MOST_ATTEMPTS):
        sweeps.ring_again()
        with working(settings, "local", "dies of a delivery") as worker:
            assert worker.process.wait(20) == KILLED
    sweeps.ring_again()
    with working(settings, "local", "dies of a delivery"):
        assert eventually(lambda: pending() == 0)
    assert sorted(texts()) == ["behind it", "beside it"]
    (aside,) = inbox.set_aside(flow.channel.id)
    assert b"deadly" in aside.body


class TestAnAnswer:
    @pytest.fixture
    def case(self, flow: Flow, chatra: ChatraSimulator) -> Case:
        """A chat with a visitor of Chatra."""
        self.visitor = chatra.visitor_says(None, "Hi").client_id
        flow.settle()
        return flow.chats()[0]

    def sent(self, chatra: ChatraSimulator) -> list[str]:
        return [message.text for message in chatra.messages(self.visitor) if message.type == "agent"]

    def delivery(self, message: Message) -> str:
        db.session.rollback()
        return db.session.get_one(Message, message.id, populate_existing=True).delivery

    @pytest.mark.row("R29")
    def test_whose_sender_was_killed_before_the_call_is_honestly_unknown_and_can_be_sent_again(
        self, flow: Flow, chatra: ChatraSimulator, settings: Settings, case: Case
    ) -> None:
        ann = make.agent()
        message = chats.reply(case.id, ann, "hello")
        with working(settings, "vendor", "dies before the call") as worker:
            assert worker.process.wait(20) == KILLED
        assert self.delivery(message) == Delivery.SENDING
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            sweeps.expire_leases()
            assert self.delivery(message) == Delivery.AWAITED
        with time_machine.travel(clock.now() + timedelta(seconds=182)):
            sweeps.expire_leases()
            assert self.delivery(message) == Delivery.UNKNOWN
        flow.settle()
        assert self.sent(chatra) == []
        outbox.send_again(message.id, ann)
        flow.settle()
        assert (self.sent(chatra), self.delivery(message)) == (["hello"], Delivery.SENT)

    @pytest.mark.row("R29")
    def test_whose_sender_was_killed_after_the_call_is_proved_by_its_echo_and_not_sent_again(
        self, flow: Flow, chatra: ChatraSimulator, settings: Settings, case: Case
    ) -> None:
        message = chats.reply(case.id, make.agent(), "hello")
        with working(settings, "vendor", "dies after the call") as worker:
            assert worker.process.wait(20) == KILLED
        flow.settle()
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            sweeps.expire_leases()
            sweeps.ring_again()
            flow.settle()
        assert (self.sent(chatra), self.delivery(message)) == (["hello"], Delivery.SENT)

    @pytest.mark.row("R29")
    def test_whose_web_process_was_killed_right_after_the_commit_goes_out_and_is_shown(
        self, flow: Flow, chatra: ChatraSimulator, settings: Settings, case: Case
    ) -> None:
        command = [sys.executable, "-m", "tests.flows.doomed_web", str(case.id), str(make.agent().id), "hello"]
        assert subprocess.run(command, env=environ_of(settings), cwd=ROOT).returncode == KILLED
        db.session.rollback()
        assert db.session.scalars(select(OutboxItem.state)).all() == [outbox.READY]
        work_off(flow.app)
        assert self.sent(chatra) == []
        with time_machine.travel(clock.now() + timedelta(seconds=3)):
            sweeps.ring_again()
            sweeps.publish_kept_back()
        flow.settle()
        publish.note_told()
        assert self.sent(chatra) == ["hello"]
        assert db.session.scalars(select(Event.id).where(Event.published_at.is_(None))).all() == []
