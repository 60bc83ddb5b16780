"""A thousand chats while everything goes wrong that can: each message arrives once, and in its order, on both sides.

Each time the agent answers with several messages at once, some of them with the same words, some too long for Chatra,
some with other words later. Where the desk asked an agent whether to send one again, that one stands behind what was
sent meanwhile: so the order at the visitors is that of the others.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from sqlalchemy import func, select

from channels.base import Author
from channels.chatra.adapter import ChatraAdapter
from channels.http import HttpClient
from config import Settings
from extensions import db
from jobs import sweeps
from jobs.queues import VENDOR
from models import Agent, Case, Delivery, InboxItem, Message
from realtime.bus import bus
from services import clock
from services.conversations import chats, corrections
from services.exchange import inbox, outbox, parts
from tests import factories as make
from tests.flows.conftest import Flow
from tests.flows.storm_worker import NOW, TELLERS, do, next_job, queues_of
from tests.jobs.working import environ_of
from tests.processes.running import ROOT, eventually
from tests.vendors.chatra import ChatraSimulator, Faults, RestFault, Switches
from tests.vendors.chatra.faults import Chances

CHATS = 1000
# How many lines a visitor says before the agent answers each time: four, and three times two answers.
TURNS = (1, 1, 2)
# Every so many visitors' answers are longer than Chatra takes at once, and are corrected.
LONG_EVERY, CORRECTED_EVERY = 20, 10
LONG, OTHERWISE = "x" * 4999 + ".", ", otherwise"
# Quiet after which Chatra sends a transcript; less than the time after which agents are asked what became of an answer.
IDLE = 60
STEP = timedelta(seconds=10)
LONGEST = timedelta(minutes=30)
WAYS = (
    *[RestFault(500), RestFault(503), RestFault(429)] * 10,
    *[RestFault(cut="after"), RestFault(cut="before"), RestFault(504), RestFault(502)] * 10,
    *[RestFault(status, done=True) for status in (502, 504, 520, 524)] * 5,
    # This one lets all chats wait, and these take a second each, by a real clock.
    RestFault(429, retry_after="7"),
    RestFault(hang="after"),
    RestFault(hang="before"),
)


@dataclass
class Visitor:
    """Somebody who speaks, reads the answers, and speaks again. `said` counts lines, `turn` what was answered."""

    id: str
    number: int = 0
    said: int = 0
    turn: int = 0
    left: int = field(default=TURNS[0])

    @property
    def script(self) -> list[str]:
        """The whole conversation as it is to stand in the end."""
        numbers = iter(range(sum(TURNS)))
        return [
            text
            for turn, lines in enumerate(TURNS)
            for text in (*(self.line(next(numbers)) for _ in range(lines)), *self.answers(turn, corrected=True))
        ]

    def line(self, number: int) -> str:
        """What the visitor says at this place."""
        return f"{self.id} asks {number}"

    def answers(self, turn: int, *, corrected: bool = False) -> list[str]:
        """What the agent says in this turn: the second time with the same words as the first time, among others."""
        own = f"{self.id} is answered {turn}"
        if corrected and self.is_corrected(turn):
            own += OTHERWISE
        if turn == 1 and not self.number % LONG_EVERY:
            own = f"{LONG} {own}"
        return [own, "One moment, please."] if turn else ["One moment, please.", own]

    def is_corrected(self, turn: int) -> bool:
        """Whether the agent chooses other words in the next turn."""
        return turn == 0 and not self.number % CORRECTED_EVERY

    def speak(self, chatra: ChatraSimulator) -> None:
        """Say the next line, unless it is the agent's turn."""
        if self.left:
            chatra.visitor_says(self.id, self.line(self.said))
            self.said, self.left = self.said + 1, self.left - 1

    def read(self, answers: list[str]) -> None:
        """Look at what the agent has said; when all of it is there, it is the visitor's turn again."""
        if not self.left and self.turn < len(TURNS) and not self.lacks(answers):
            self.turn += 1
            self.left = TURNS[self.turn] if self.turn < len(TURNS) else 0

    def lacks(self, answers: list[str]) -> Counter[str]:
        """What the agent has said until now that has not come, corrected or not."""
        said = [text for turn in range(self.turn + 1) for text in self.answers(turn)]
        return Counter(parted(said)) - Counter(text.removesuffix(OTHERWISE) for text in answers)

    @property
    def is_content(self) -> bool:
        """Whether every answer has come."""
        return self.turn == len(TURNS)


@dataclass
class Storm:
    """All visitors, their agent, and the clock that both sides go by."""

    flow: Flow
    ann: Agent
    visitors: dict[str, Visitor]
    time: time_machine.Traveller
    asked: dict[int, str] = field(default_factory=dict)

    def rage(self) -> None:
        """Let everybody speak until nobody waits for an answer, and what was lost has come with the transcripts."""
        ends = clock.now() + LONGEST
        while not all(visitor.is_content for visitor in self.visitors.values()):
            assert clock.now() < ends, f"{self.unhappy()} still wait"
            self.speak()
            self.pass_by(STEP)
            self.answer()
            self.pass_by(STEP)
            self.read()
        for _ in range(IDLE // STEP.seconds + 1):
            self.pass_by(STEP)

    def unhappy(self) -> list[str]:
        """Who waits for an answer."""
        return [visitor.id for visitor in self.visitors.values() if not visitor.is_content]

    def speak(self) -> None:
        """Everybody whose turn it is says what there is to say, a second between two lines."""
        for _ in range(max(TURNS)):
            self.shift(timedelta(seconds=1))
            for visitor in self.visitors.values():
                visitor.speak(self.flow.chatra)

    def answer(self) -> None:
        """The agent answers whoever spoke last in a chat, and says yes where the desk asks whether to send again."""
        for case in db.session.scalars(select(Case).where(Case.last_author == Author.CUSTOMER)).all():
            visitor = self.visitors[case.conversation]
            if not visitor.is_content:
                self.correct(case, visitor)
                for text in visitor.answers(visitor.turn):
                    chats.reply(case.id, self.ann, text)
        self.send_again()

    def correct(self, case: Case, visitor: Visitor) -> None:
        """The agent chooses other words for what was said in the turn before."""
        turn = visitor.turn - 1
        if turn >= 0 and visitor.is_corrected(turn):
            before, after = (visitor.answers(turn, corrected=each)[1] for each in (False, True))
            query = select(Message.id).where(Message.case_id == case.id, Message.text == before)
            corrections.edit(db.session.scalars(query).one(), self.ann, after)

    def send_again(self) -> None:
        """The agent says yes where the desk asks and the visitor has not got it."""
        answers = self.answers()
        query = select(Message, Case.conversation).join(Case, Case.id == Message.case_id)
        for message, name in db.session.execute(query.where(Message.delivery == Delivery.UNKNOWN)).all():
            if is_lacking(message, answers.get(name, [])):
                outbox.send_again(message.id, self.ann)
                self.asked[message.id] = name

    def read(self) -> None:
        """Everybody looks at their chat."""
        answers = self.answers()
        for visitor in self.visitors.values():
            visitor.read(answers.get(visitor.id, []))

    def answers(self) -> dict[str, list[str]]:
        """What each visitor has got from the agent."""
        found: dict[str, list[str]] = {}
        for said in self.flow.chatra.store.messages:
            if said.type == "agent":
                found.setdefault(said.client_id, []).append(said.text)
        return found

    def pass_by(self, time: timedelta) -> None:
        """Let time pass and everything that is under way arrive, as far as it does."""
        self.shift(time)
        self.flow.chatra.advance(0)
        sweeps.expire_leases()
        sweeps.ring_again()
        vendor = queues_of(VENDOR)
        for _ in range(2):
            while job := next_job(vendor):
                do(self.flow.app, job)
            self.flow.chatra.deliver_all(timeout=1200)
            come_to_rest()
        db.session.expire_all()

    def shift(self, time: timedelta) -> None:
        """Put the clock forward, the worker's too."""
        self.time.shift(time)
        bus.redis.set(NOW, clock.now().timestamp())


def is_lacking(message: Message, answers: list[str]) -> bool:
    """Whether fewer messages like this have come than were said and are not under way any more."""
    like_this = (Message.case_id == message.case_id, Message.text == message.text, Message.agent_id.is_not(None))
    under_way = Message.delivery.in_((Delivery.SENDING, Delivery.AWAITED))
    said = db.session.scalars(select(func.count(Message.id)).where(*like_this, ~under_way)).one()
    came = Counter(text.removesuffix(OTHERWISE) for text in answers)
    return any(came[part.removesuffix(OTHERWISE)] < said for part in parted([message.text]))


def come_to_rest() -> None:
    """Wait until every delivery was applied, as long as there is progress."""
    while left := pending():
        assert eventually(partial(is_less, left), 60), f"{left} deliveries are stuck"


def is_less(before: int) -> bool:
    """Whether there was progress."""
    return pending() < before


def pending() -> int:
    """How many deliveries have not been applied."""
    db.session.rollback()
    return db.session.scalars(select(func.count(InboxItem.id)).where(InboxItem.state == inbox.PENDING)).one()


@contextmanager
def inbound_worker(settings: Settings) -> Iterator[None]:
    """A worker beside this process, for what comes in."""
    with (settings.data_dir / "worker stderr").open("wb") as errors:
        command = [sys.executable, "-m", "tests.flows.storm_worker"]
        process = subprocess.Popen(command, env=environ_of(settings), stderr=errors, cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    """Chatra in bad weather."""
    chances = Chances(doubled=0.1, late=0.1, lost=0.05, failing=0.05, ways=WAYS)
    with ChatraSimulator(switches=Switches(idle_seconds=IDLE), faults=Faults(chances=chances), lanes=4) as simulator:
        yield simulator


@pytest.fixture
def storm(flow: Flow, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storm]:
    """A desk at which nobody looks: what pages show is a matter of other tests, and would take most of the time."""
    for teller in TELLERS:
        monkeypatch.setattr(teller, "after_commit", lambda _work: None)
    flow.app.extensions["channels"].http = HttpClient(trusted=(flow.chatra.url,), timeout=1)
    visitors = {f"visitor {number}": Visitor(f"visitor {number}", number) for number in range(CHATS)}
    with inbound_worker(settings), time_machine.travel(clock.now(), tick=False) as traveller:
        yield Storm(flow, make.agent("Ann"), visitors, traveller)


@pytest.mark.slow
@pytest.mark.sqlite("one worker at a time: what two of them may do to each other is shown on both by other tests")
@pytest.mark.row("R17")
@pytest.mark.row("R18")
@pytest.mark.row("R29")
def test_every_message_arrives_once_and_in_order_on_both_sides(storm: Storm, chatra: ChatraSimulator) -> None:
    storm.rage()
    scripts = {visitor.id: visitor.script for visitor in storm.visitors.values()}
    assert at_the_desk() == scripts
    came, sent = at_the_visitors(chatra), {name: parted(script) for name, script in scripts.items()}
    assert {name: sorted(texts) for name, texts in came.items()} == {name: sorted(sent[name]) for name in sent}
    unasked = scripts.keys() - storm.asked.values()
    assert {name: came[name] for name in unasked} == {name: sent[name] for name in unasked}
    assert set(db.session.scalars(select(Message.delivery).where(Message.agent_id.is_not(None)))) == {Delivery.SENT}
    assert set(db.session.scalars(select(InboxItem.state))) == {inbox.DONE}
    assert storm.asked, "nobody was asked whether to send again"
    assert_there_was_a_storm(chatra)


def parted(texts: list[str]) -> list[str]:
    """The same, as Chatra gets them."""
    return [part for text in texts for part in parts.split(text, ChatraAdapter.capabilities.longest_text)]


def at_the_desk() -> dict[str, list[str]]:
    """What stands in each customer's only case, in its order."""
    threads: dict[str, list[str]] = {}
    query = select(Case.conversation, Message.text).join(Message, Message.case_id == Case.id)
    for conversation, text in db.session.execute(query.order_by(Message.position)):
        threads.setdefault(conversation, []).append(text)
    assert Counter(db.session.scalars(select(Case.conversation))).most_common(1)[0][1] == 1
    return threads


def at_the_visitors(chatra: ChatraSimulator) -> dict[str, list[str]]:
    """What each visitor has seen, in its order."""
    threads: dict[str, list[str]] = {}
    for message in chatra.store.messages:
        if message.type != "system":
            threads.setdefault(message.client_id, []).append(message.text)
    return threads


def assert_there_was_a_storm(chatra: ChatraSimulator) -> None:
    """All that was to go wrong did, about as often as it was to."""
    sent = [parcel for parcel in chatra.deliveries if parcel.event != "chatTranscript"]
    # The first call only tries the keys.
    failed = [call for call in chatra.requests[1:] if call.status != 200]
    assert 0.03 < sum(parcel.dropped for parcel in sent) / len(sent) < 0.07
    assert 0.07 < sum(parcel.copies > 1 for parcel in sent) / len(sent) < 0.13
    assert 0.07 < sum(parcel.is_late for parcel in sent) / len(sent) < 0.13
    assert 0.03 < len(failed) / len(chatra.requests) < 0.07
    assert {call.status for call in failed} == {0, 429, 500, 502, 503, 504, 520, 524}
