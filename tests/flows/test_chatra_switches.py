"""The round trip over everything that nobody knows of Chatra: visitor, desk, agent, visitor, for every switch's value.

Three switches word each message; all their combinations have a desk of their own. The others are turned from visitor
to visitor, so that in the end each of their values has met each of those combinations, and each other's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args, get_type_hints

import pytest
import time_machine
from sqlalchemy import select

from channels.base import Author
from extensions import db
from models import Agent, Case, Delivery, Group, InboxItem, Message
from services import clock
from services.conversations import chats
from services.exchange import channel_settings, inbox
from services.exchange.channel_settings import ChannelSettings
from services.team import groups
from tests import factories as make
from tests.flows.conftest import Flow
from tests.vendors.chatra import Switches

# Each way of wording is a desk: a database has nothing to say about it.
pytestmark = [pytest.mark.slow, pytest.mark.sqlite("how webhooks are worded")]

VALUES = {name: get_args(kind) for name, kind in get_type_hints(Switches).items() if get_args(kind)}
WORDING = ("started", "text", "time")
WORDINGS = list(itertools.product(*(VALUES[name] for name in WORDING)))
PLACES = ("group", "asked_group")
OTHERS = [name for name in VALUES if name not in WORDING + PLACES]
FURTHER = list(itertools.product(*(VALUES[name] for name in OTHERS)))
BILLING = "BKjdxwGNFhDE4DJ2x"
UNNAMED = "kQ7mPz2Xw9RtYb4Ns"
FACTS = {"name": "Maria", "email": "maria@shop.example", "phone": "+15550100", "Plan": "Gold"}


def turned(number: int) -> Iterator[dict[str, str]]:
    """The values of the other switches for each visitor of a desk: one visitor for each place of the group."""
    for place, group in enumerate(VALUES["group"]):
        asked = VALUES["asked_group"][(number + place) % len(VALUES["asked_group"])]
        others = FURTHER[(7 * number + 22 * place) % len(FURTHER)]
        yield {"group": group, "asked_group": asked, **dict(zip(OTHERS, others, strict=True))}


@dataclass
class Trip:
    """One visitor's conversation, and what it has to look like."""

    flow: Flow
    ann: Agent
    switches: dict[str, str]
    time: time_machine.Traveller
    visitor: str = ""

    def make_it(self) -> None:
        """Visitor, agent, a colleague in Chatra itself, a bot, the end, and once more."""
        chatra = self.flow.chatra
        client = chatra.store.visitor(None)
        client.group_id, client.form = BILLING, {"orderNumber": "7731", UNNAMED: "42"}
        self.visitor = client.id
        self.hear(lambda: chatra.visitor_says(self.visitor, "Hi", **FACTS))
        self.hear(lambda: chatra.visitor_says(self.visitor, "Where is my order?"))
        self.hear(lambda: chats.reply(self.case.id, self.ann, "It left this morning."))
        self.hear(lambda: chatra.agent_says(self.visitor, "I have looked it up.", name="Olga"))
        self.hear(lambda: chatra.pushes(self.visitor, "Rate our chat!", name="Olga"))
        self.hear(lambda: chatra.visitor_says(self.visitor, "Thanks!"))
        self.hear(lambda: chatra.advance(0), after=601)
        self.hear(lambda: chatra.visitor_says(self.visitor, "One more thing"))

    def hear(self, say: Callable[[], object], after: int = 1) -> None:
        """Let something happen after so many seconds, and arrive."""
        self.time.shift(after)
        say()
        self.flow.settle()

    @property
    def case(self) -> Case:
        """The visitor's only case."""
        return db.session.scalars(select(Case).where(Case.conversation == self.visitor)).one()

    def as_shown(self) -> list[tuple[str, str, str]]:
        """Who has said what, as agents see it."""
        return [(said.author, said.author_name, said.text) for said in self.flow.thread(self.case)]

    def as_expected(self) -> list[tuple[str, str, str]]:
        """The same as it was said. Where Chatra does not name its agents, nobody can."""
        olga = "Olga" if self.switches["identity"] else ""
        return [
            (Author.CUSTOMER, "", "Hi"),
            (Author.CUSTOMER, "", "Where is my order?"),
            (Author.AGENT, "Ann", "It left this morning."),
            (Author.AGENT, olga, "I have looked it up."),
            (Author.BOT, olga, "Rate our chat!"),
            (Author.CUSTOMER, "", "Thanks!"),
            (Author.CUSTOMER, "", "One more thing"),
        ]

    def as_read(self) -> list[str]:
        """What the visitor sees."""
        return [said.text for said in self.flow.chatra.messages(self.visitor) if said.type != "system"]

    def is_billed(self) -> bool:
        """Whether Chatra tells of the group anywhere."""
        return bool(self.switches["group"] or self.switches["asked_group"])


@pytest.fixture
def billing(flow: Flow) -> Group:
    """The group that Chatra's is mapped to."""
    group = groups.named("Billing")
    channel_settings.change(flow.channel.id, ChannelSettings(routes={BILLING: group.id}))
    return group


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    """The clock by which both sides go."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize("number", range(len(WORDINGS)), ids=["-".join(wording) for wording in WORDINGS])
def test_a_round_trip_arrives_whole_and_once(
    flow: Flow, billing: Group, time: time_machine.Traveller, number: int
) -> None:
    ann = make.agent("Ann")
    wording = dict(zip(WORDING, WORDINGS[number], strict=True))
    for switches in turned(number):
        vars(flow.chatra.switches).update(wording | switches)
        trip = Trip(flow, ann, switches, time)
        trip.make_it()
        assert trip.as_shown() == trip.as_expected(), switches
        assert trip.as_read() == [text for _author, _name, text in trip.as_expected()], switches
        assert (trip.case.group_id == billing.id) == trip.is_billed(), switches
        assert_the_data_is_right(trip)
    assert set(db.session.scalars(select(Message.delivery).where(Message.agent_id == ann.id))) == {Delivery.SENT}
    assert set(db.session.scalars(select(InboxItem.state))) == {inbox.DONE}


def assert_the_data_is_right(trip: Trip) -> None:
    """Who the visitor is, what the site knows of them, and what Chatra alone knows."""
    customer = trip.case.customer
    details = customer.identities[0].details
    assert (customer.name, customer.email, customer.phone) == ("Maria", "maria@shop.example", "+15550100")
    assert (details["Plan"], details["orderNumber"], details["Browser"]) == ("Gold", "7731", "Chrome 126")
    assert [value for key, value in details.items() if value == "42" and key != UNNAMED] == ["42"]


def test_every_value_of_every_switch_has_a_part_in_it() -> None:
    trips = [
        dict(zip(WORDING, wording, strict=True)) | switches
        for number, wording in enumerate(WORDINGS)
        for switches in turned(number)
    ]
    for first, second in itertools.combinations(VALUES, 2):
        met = {(trip[first], trip[second]) for trip in trips}
        assert met == set(itertools.product(VALUES[first], VALUES[second])), (first, second)
