"""The Chatra adapter against the simulator: both ways, in every form and with every fault of chatra.md §9."""

from __future__ import annotations

from itertools import product
from typing import get_args, get_type_hints

import pytest

from channels.base import (
    Adapter,
    Author,
    Change,
    ChannelError,
    CustomerUpdate,
    Delivery,
    Echo,
    Fetch,
    File,
    Inbound,
    IncomingMessage,
)
from tests.channels import factories
from tests.vendors.chatra import ChatraSimulator, Switches
from tests.vendors.receiver import Receiver, Reply

pytestmark = pytest.mark.slow

SWITCHES = get_type_hints(Switches)
FORMS = list(product(*(get_args(SWITCHES[switch]) for switch in ("started", "text", "time"))))


def adapter(chatra: ChatraSimulator, *, timeout: float = 5.0, keys: dict[str, str] | None = None) -> Adapter:
    return factories.adapter("chatra", chatra.url, timeout=timeout, keys=keys)


def deliveries(chatra: ChatraSimulator, receiver: Receiver) -> list[Delivery]:
    chatra.deliver_all()
    return [factories.arrived(got.raw, nonce=f"nonce-{place}") for place, got in enumerate(receiver.received)]


def inbound(chatra: ChatraSimulator, receiver: Receiver) -> list[Inbound]:
    found: list[Inbound] = []
    for delivery in deliveries(chatra, receiver):
        adapter(chatra).verify(delivery)
        found += adapter(chatra).parse(delivery)
    return found


def spoken(chatra: ChatraSimulator, receiver: Receiver) -> list[IncomingMessage]:
    return [item for item in inbound(chatra, receiver) if isinstance(item, IncomingMessage)]


def fault(chatra: ChatraSimulator, *, timeout: float = 5.0) -> ChannelError:
    chatra.store.visitor(factories.CLIENT_ID)
    with pytest.raises(ChannelError) as found:
        adapter(chatra, timeout=timeout).perform(factories.reply())
    return found.value


@pytest.mark.parametrize(("started", "text", "time"), FORMS)
def test_a_conversation_arrives_whole_in_every_form(
    chatra: ChatraSimulator, receiver: Receiver, started: str, text: str, time: str
) -> None:
    vars(chatra.switches).update(started=started, text=text, time=time)
    first = chatra.visitor_says(None, "Hello, is anybody there?")
    chatra.agent_says(first.client_id, "Yes.")
    second = chatra.visitor_says(first.client_id, "Good.")
    found = spoken(chatra, receiver)
    assert [(message.author, message.text) for message in found] == [
        (Author.CUSTOMER, "Hello, is anybody there?"),
        (Author.AGENT, "Yes."),
        (Author.CUSTOMER, "Good."),
    ]
    assert [found[0].external_id, found[2].external_id] == [first.id, second.id]
    assert all(message.said_at and message.conversation == first.client_id for message in found)


@pytest.mark.parametrize(("started", "text", "time"), FORMS)
def test_the_transcript_repeats_the_same_messages(
    chatra: ChatraSimulator, receiver: Receiver, started: str, text: str, time: str
) -> None:
    vars(chatra.switches).update(started=started, text=text, time=time)
    first = chatra.visitor_says(None, "Hello!")
    chatra.agent_says(first.client_id, "Yes?")
    chatra.advance(601)
    *fragments, transcript = deliveries(chatra, receiver)
    assert transcript.body["eventName"] == "chatTranscript"
    live = [item for delivery in fragments for item in adapter(chatra).parse(delivery)]
    *repeated, wish = adapter(chatra).parse(transcript)
    assert repeated == [item for item in live if isinstance(item, IncomingMessage)]
    assert wish == Fetch(first.client_id, "client", first.client_id, once=True)


@pytest.mark.parametrize("group", get_args(SWITCHES["group"]))
def test_the_group_comes_with_the_hook_or_with_the_visitor(
    chatra: ChatraSimulator, receiver: Receiver, group: str
) -> None:
    vars(chatra.switches).update(group=group)
    chatra.store.visitor("c1").group_id = "BKjdxwGNFhDE4DJ2x"
    chatra.visitor_says("c1", "Hello!")
    assert spoken(chatra, receiver)[0].group == ("BKjdxwGNFhDE4DJ2x" if group else "")
    assert visitor(chatra, "c1").group == "BKjdxwGNFhDE4DJ2x"


@pytest.mark.parametrize(("identity", "name"), [("agents", "Olga"), ("message", "Olga"), ("", "")])
def test_a_colleagues_name_is_known_where_it_is_given(
    chatra: ChatraSimulator, receiver: Receiver, identity: str, name: str
) -> None:
    vars(chatra.switches).update(identity=identity)
    chatra.agent_says(chatra.visitor_says(None, "Hello!").client_id, "Yes?", name="Olga")
    assert spoken(chatra, receiver)[1].author_name == name


def visitor(chatra: ChatraSimulator, client_id: str) -> CustomerUpdate:
    body = adapter(chatra).fetch(Fetch(client_id, "client", client_id))
    delivery = factories.delivery(body, fetched=True)
    adapter(chatra).verify(delivery)
    (update,) = adapter(chatra).parse(delivery)
    assert isinstance(update, CustomerUpdate)
    assert update.conversation == adapter(chatra).conversation(delivery) == client_id
    return update


@pytest.mark.parametrize("client_id", ["c1", "user/42?x=1#y", "Zoë Müller", "100%", "a/"])
def test_a_new_chat_leads_to_the_visitors_data(chatra: ChatraSimulator, receiver: Receiver, client_id: str) -> None:
    chatra.visitor_says(client_id, "Hello!", name="Maria", email="maria@shop.example", Plan="Gold")
    wish = inbound(chatra, receiver)[-1]
    assert isinstance(wish, Fetch)
    customer = visitor(chatra, wish.id).customer
    assert (customer.external_id, customer.name, customer.email) == (client_id, "Maria", "maria@shop.example")
    assert list(customer.details)[:6] == [
        "Last visit",
        "IP address",
        "Chat language",
        "Browser",
        "OS version",
        "Location",
    ]
    assert customer.details["Plan"] == "Gold"


def test_a_visitor_who_is_gone_cannot_be_asked_for_again(chatra: ChatraSimulator) -> None:
    with pytest.raises(ChannelError, match="no longer knows") as found:
        adapter(chatra).fetch(Fetch("gone", "client", "gone"))
    assert found.value.permanent


def test_a_visitors_data_that_cannot_be_read_may_be_asked_for_again(receiver: Receiver) -> None:
    receiver.replies.append(Reply(200, b"[]"))
    with pytest.raises(ChannelError, match="could not be read") as found:
        factories.adapter("chatra", receiver.url).fetch(Fetch("c1", "client", "c1"))
    assert (found.value.permanent, found.value.uncertain) == (False, False)


class TestReply:
    def test_is_written_by_an_agent_whom_chatra_makes_on_the_first_one(self, chatra: ChatraSimulator) -> None:
        chatra.store.visitor(factories.CLIENT_ID)
        receipts = [adapter(chatra).perform(factories.reply(text)) for text in ("Hello!", "Still there?")]
        assert [agent.email for agent in chatra.agents if agent.dummy] == ["anna@desk.example"]
        assert [receipt.external_id for receipt in receipts] == [
            message.id for message in chatra.messages(factories.CLIENT_ID) if message.type == "agent"
        ]

    def test_is_written_by_the_agent_of_the_same_address(self, chatra: ChatraSimulator) -> None:
        anna = chatra.store.add_agent("Anna B.", "anna@desk.example")
        chatra.store.visitor(factories.CLIENT_ID)
        adapter(chatra).perform(factories.reply())
        assert chatra.messages(factories.CLIENT_ID)[-1].agent == anna

    def test_comes_back_as_an_echo_and_nothing_else(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.visitor_says(factories.CLIENT_ID, "Hello!")
        receipt = adapter(chatra).perform(factories.reply("Hi, Anna here."))
        chatra.advance(601)
        found = inbound(chatra, receiver)
        echoes = [item for item in found if isinstance(item, Echo)]
        assert echoes == [Echo(factories.CLIENT_ID, receipt.external_id, "Hi, Anna here.", echoes[0].said_at)] * 2
        assert {item.text for item in found if isinstance(item, IncomingMessage)} == {"Hello!"}

    def test_carries_its_files_as_links(self, chatra: ChatraSimulator) -> None:
        chatra.store.visitor(factories.CLIENT_ID)
        files = (File("bill\n.pdf", "https://desk.example/f/1"), File("map.png", "https://desk.example/f/2"))
        adapter(chatra).perform(factories.reply("Here:", files))
        adapter(chatra).perform(factories.reply("", files[1:]))
        texts = [message.text for message in chatra.messages(factories.CLIENT_ID)][1:]
        assert texts == [
            "Here:\nbill .pdf: https://desk.example/f/1\nmap.png: https://desk.example/f/2",
            "map.png: https://desk.example/f/2",
        ]

    def test_that_is_too_long_is_not_even_sent(self, chatra: ChatraSimulator) -> None:
        with pytest.raises(ChannelError, match="5000") as found:
            adapter(chatra).perform(factories.reply("x" * 5001))
        assert found.value.permanent
        assert chatra.requests == []

    def test_is_taken_even_if_chatra_names_no_id(self, receiver: Receiver) -> None:
        receiver.replies.append(Reply(200, b"thanks"))
        assert factories.adapter("chatra", receiver.url).perform(factories.reply()).external_id == ""

    def test_to_a_visitor_who_is_gone_cannot_be_sent_again(self, chatra: ChatraSimulator) -> None:
        with pytest.raises(ChannelError, match="no longer knows") as found:
            adapter(chatra).perform(factories.reply())
        assert (found.value.permanent, found.value.broken) == (True, False)


class TestFault:
    @pytest.mark.parametrize(
        ("status", "permanent", "broken"),
        [(401, True, True), (403, True, True), (404, True, False), (429, False, False), (500, False, False)],
    )
    def test_has_its_meaning(self, chatra: ChatraSimulator, status: int, permanent: bool, broken: bool) -> None:
        chatra.faults.fail(status)
        found = fault(chatra)
        assert (found.permanent, found.broken, found.uncertain) == (permanent, broken, False)
        assert chatra.messages(factories.CLIENT_ID) == []

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_that_is_about_one_message_says_nothing_about_the_keys(self, chatra: ChatraSimulator, status: int) -> None:
        chatra.faults.fail(status)
        with pytest.raises(ChannelError) as found:
            adapter(chatra).edit(Change(factories.CLIENT_ID, "m1", "other words"))
        assert (found.value.permanent, found.value.broken) == (True, False)

    def test_may_be_that_what_is_to_be_gone_is_gone(self, chatra: ChatraSimulator) -> None:
        chatra.faults.fail(410)
        adapter(chatra).delete(Change(factories.CLIENT_ID, "m1"))

    def test_may_say_how_long_to_wait(self, chatra: ChatraSimulator) -> None:
        chatra.faults.fail(429, retry_after="7")
        assert fault(chatra).retry_after == 7

    def test_is_over_with_the_next_call(self, chatra: ChatraSimulator) -> None:
        chatra.faults.fail(500)
        fault(chatra)
        assert adapter(chatra).perform(factories.reply()).external_id

    def test_of_silence_before_leaves_in_doubt(self, chatra: ChatraSimulator) -> None:
        chatra.faults.fail(hang="before")
        assert fault(chatra, timeout=0.3).uncertain
        assert chatra.messages(factories.CLIENT_ID) == []

    def test_of_silence_after_leaves_in_doubt_though_it_was_done(
        self, chatra: ChatraSimulator, receiver: Receiver
    ) -> None:
        chatra.faults.fail(hang="after")
        assert fault(chatra, timeout=0.3).uncertain
        assert [item.text for item in inbound(chatra, receiver) if isinstance(item, Echo)] == ["Hello!"]


class TestDelivery:
    def test_that_comes_twice_has_one_key(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.copies = 2
        chatra.visitor_says(None, "Hello!")
        first, again = deliveries(chatra, receiver)
        assert first.nonce != again.nonce
        assert adapter(chatra).key(first) == adapter(chatra).key(again)

    def test_that_comes_late_still_tells_its_time(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.reorder = 3
        first = chatra.visitor_says(None, "one")
        chatra.advance(5)
        chatra.visitor_says(first.client_id, "two")
        chatra.advance(5)
        chatra.visitor_says(first.client_id, "three")
        found = spoken(chatra, receiver)
        assert [message.text for message in found] == ["three", "two", "one"]
        in_order = sorted(found, key=lambda message: message.said_at or pytest.fail("no time"))
        assert [message.text for message in in_order] == ["one", "two", "three"]

    def test_that_is_lost_is_made_up_for_by_the_transcript(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.drop = 1
        chatra.visitor_says(None, "Hello!")
        chatra.advance(601)
        assert [message.text for message in spoken(chatra, receiver)] == ["Hello!"]

    def test_that_is_repeated_after_our_failure_has_one_key(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.retries = 1
        receiver.replies.append(Reply(500))
        chatra.visitor_says(None, "Hello!")
        assert len({adapter(chatra).key(delivery) for delivery in deliveries(chatra, receiver)}) == 1
        assert len(receiver.received) == 2

    def test_that_is_delayed_arrives(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.delay = 0.05
        chatra.visitor_says(None, "Hello!")
        assert [message.text for message in spoken(chatra, receiver)] == ["Hello!"]


class TestConnect:
    def test_succeeds_with_the_right_keys_and_changes_nothing(self, chatra: ChatraSimulator) -> None:
        adapter(chatra).connect()
        assert [(call.method, call.status) for call in chatra.requests] == [("GET", 404)]
        assert chatra.store.clients == {}

    @pytest.mark.parametrize("keys", [{"secret_key": "wrong"}, {"public_key": "wrong"}, {"secret_key": ""}])
    def test_fails_with_others(self, chatra: ChatraSimulator, keys: dict[str, str]) -> None:
        with pytest.raises(ChannelError) as found:
            adapter(chatra, keys=keys).connect()
        assert (found.value.permanent, found.value.broken) == (True, True)

    @pytest.mark.parametrize("status", [429, 500])
    def test_may_be_tried_again_when_chatra_is_out_of_order(self, chatra: ChatraSimulator, status: int) -> None:
        chatra.faults.fail(status)
        with pytest.raises(ChannelError) as found:
            adapter(chatra).connect()
        assert not found.value.permanent
