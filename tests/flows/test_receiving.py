"""Started, fragment and transcript may come twice, late, in any order or not at all: the thread is right in the end."""

from __future__ import annotations

import itertools
import random
from urllib.parse import urlsplit

import pytest

from channels.base import Author
from channels.chatra.schemas import NO_WORDS
from models import Case, Status
from services.conversations import chats
from tests import factories as make
from tests.flows.conftest import Flow
from tests.vendors.chatra import ChatraSimulator


@pytest.fixture(autouse=True)
def _an_hour_ago(chatra: ChatraSimulator) -> None:
    """Everything is said in the past, so that nothing lies in the future by our clock."""
    chatra.store.advance(-3600)


def converse(flow: Flow, chatra: ChatraSimulator) -> list[bytes]:
    """A whole conversation while nobody listens; what Chatra would have sent of it."""
    chatra.webhooks.clear()
    visitor = chatra.visitor_says(None, "one", name="Maria").client_id
    for text in ("two", "three"):
        chatra.store.advance(1)
        chatra.visitor_says(visitor, text)
    chatra.store.advance(1)
    chatra.agent_says(visitor, "four", name="Olga")
    chatra.store.advance(1)
    chatra.pushes(visitor, "five", name="Olga")
    chatra.advance(601)
    chatra.deliver_all()
    flow.settle()
    return [parcel.raw for parcel in chatra.deliveries]


def arrive(flow: Flow, parcels: list[bytes]) -> None:
    """These deliveries come in, one after the other."""
    address = urlsplit(flow.hook).path
    for raw in parcels:
        assert flow.app.test_client().post(address, data=raw, content_type="application/json").status_code == 200
    flow.settle()


def whole(flow: Flow) -> list[tuple[str, str, str]]:
    (case,) = flow.chats()
    return [(said.author, said.author_name, said.text) for said in flow.thread(case)]


WHOLE = [
    (Author.CUSTOMER, "", "one"),
    (Author.CUSTOMER, "", "two"),
    (Author.CUSTOMER, "", "three"),
    (Author.AGENT, "Olga", "four"),
    (Author.BOT, "Olga", "five"),
]


class TestAConversation:
    @pytest.mark.parametrize("seed", range(4))
    def test_is_whole_and_in_order_however_it_arrives(self, flow: Flow, chatra: ChatraSimulator, seed: int) -> None:
        parcels = converse(flow, chatra)
        chance = random.Random(seed)
        doubled = [parcel for parcel in parcels for _ in range(chance.choice((1, 1, 2)))]
        arrive(flow, chance.sample(doubled, len(doubled)))
        assert whole(flow) == WHOLE

    @pytest.mark.parametrize("lost", list(itertools.combinations(range(3), 2)), ids=str)
    def test_is_whole_with_the_transcript_whatever_got_lost(
        self, flow: Flow, chatra: ChatraSimulator, lost: tuple[int, ...]
    ) -> None:
        parcels = converse(flow, chatra)
        arrive(flow, [parcel for number, parcel in enumerate(parcels) if number not in lost])
        assert whole(flow) == WHOLE

    def test_is_whole_by_the_transcript_alone_and_new(self, flow: Flow, chatra: ChatraSimulator) -> None:
        arrive(flow, converse(flow, chatra)[-1:])
        assert whole(flow) == WHOLE
        (case,) = flow.chats()
        assert (case.active, case.unread, case.customer.name) == (True, 0, "Maria")


class TestAfterTheEnd:
    @pytest.fixture
    def ended(self, flow: Flow, chatra: ChatraSimulator) -> Case:
        """A chat of which one message of the customer's was missed, ended by its agent."""
        self.visitor = chatra.visitor_says(None, "one").client_id
        flow.settle()
        chatra.faults.drop = 1
        chatra.store.advance(1)
        chatra.visitor_says(self.visitor, "two")
        chatra.deliver_all()
        (case,) = flow.chats()
        ann = make.agent()
        chats.reply(case.id, ann, "answer")
        flow.settle()
        chats.end(case.id, ann, Status.PENDING)
        assert flow.texts(case) == ["one", "answer"]
        return case

    def test_what_the_customer_wrote_and_we_missed_counts_as_new(
        self, flow: Flow, chatra: ChatraSimulator, ended: Case
    ) -> None:
        chatra.advance(601)
        flow.settle()
        (case,) = flow.chats()
        assert (case.id, case.active, case.unread, case.fixated_to_id) == (ended.id, True, 1, None)
        assert flow.texts(case) == ["one", "two", "answer"]

    def test_a_transcript_that_brings_nothing_changes_nothing(
        self, flow: Flow, chatra: ChatraSimulator, ended: Case
    ) -> None:
        chatra.advance(601)
        flow.settle()
        chats.end(ended.id, make.agent(), Status.CLOSED)
        before = make.fresh(ended).rev
        transcript = chatra.deliveries[-1]
        assert transcript.event == "chatTranscript"
        arrive(flow, [transcript.raw + b" "])
        assert (make.fresh(ended).rev, ended.active) == (before, False)


def test_a_file_that_a_visitor_sends_is_told_of_though_chatra_does_not_pass_it_on(
    flow: Flow, chatra: ChatraSimulator
) -> None:
    visitor = chatra.visitor_says(None, "").client_id
    flow.settle()
    (case,) = flow.chats()
    assert flow.texts(case) == [NO_WORDS]
    chatra.store.advance(1)
    chatra.visitor_says(visitor, "Do you see it?")
    chatra.advance(601)
    flow.settle()
    assert flow.texts(case) == [NO_WORDS, "Do you see it?"]
