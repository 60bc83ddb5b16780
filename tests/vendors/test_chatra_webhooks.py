"""The simulated webhooks are what chatra.md §9 asks for, in every form that a switch can give them."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from tests.vendors.calling import AUTHOR, ask, hooks, spoken
from tests.vendors.chatra import ChatraSimulator, Faults
from tests.vendors.chatra.controls import SWITCHES
from tests.vendors.chatra.faults import Chances
from tests.vendors.receiver import Receiver, Reply

pytestmark = pytest.mark.slow


class TestHooks:
    def test_a_chat_starts_goes_on_and_ends(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.visitor_says("c1", "Hello!")
        chatra.agent_says("c1", "Yes?")
        chatra.visitor_says("c1", "Good.")
        chatra.advance(601)
        bodies = hooks(chatra, receiver)
        assert [body["eventName"] for body in bodies] == ["chatStarted", *["chatFragment"] * 3, "chatTranscript"]
        assert [len(body["agents"]) for body in bodies] == [0, 1, 1, 1, 1]
        assert [message["type"] for message in bodies[-1]["messages"]] == ["client", "system", "agent", "client"]

    def test_each_event_goes_to_its_own_address(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.webhooks.clear()
        chatra.webhooks["chatFragment"] = f"{receiver.url}/fragment"
        chatra.visitor_says("c1", "Hello!")
        chatra.visitor_says("c1", "Anybody?")
        chatra.deliver_all()
        assert [received.path for received in receiver.received] == ["/fragment"]
        assert [parcel.answers for parcel in chatra.deliveries] == [[], [200]]
        assert [parcel.body["eventName"] for parcel in chatra.deliveries] == ["chatStarted", "chatFragment"]

    def test_an_api_message_comes_back_with_its_mark(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.visitor_says("c1", "Hello!")
        ask(chatra, "POST", "/api/messages/", {"clientId": "c1", "text": "Hi!"} | AUTHOR)
        assert hooks(chatra, receiver)[-1]["messages"][0]["receivedFrom"] == "deskbell"

    def test_a_quiet_chat_ends_once_and_may_go_on(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.switches.idle_seconds = 60
        chatra.visitor_says("c1", "Hello!")
        chatra.advance(59)
        chatra.advance(2)
        chatra.advance(100)
        chatra.visitor_says("c1", "One more thing")
        assert [body["eventName"] for body in hooks(chatra, receiver)] == [
            "chatStarted",
            "chatTranscript",
            "chatFragment",
        ]

    @pytest.mark.parametrize(
        ("started", "keys"),
        [("message", {"message"}), ("messages", {"messages"}), ("both", {"message", "messages"})],
    )
    def test_a_start_has_the_form_that_is_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, started: str, keys: set[str]
    ) -> None:
        vars(chatra.switches).update(started=started)
        chatra.visitor_says("c1", "Hello!")
        assert hooks(chatra, receiver)[0].keys() & {"message", "messages"} == keys

    @pytest.mark.parametrize(
        ("switch", "value", "keys"),
        [
            ("text", "text", {"text", "createdAt", "timestamp"}),
            ("text", "message", {"message", "createdAt", "timestamp"}),
            ("time", "createdAt", {"text", "message", "createdAt"}),
            ("time", "timestamp", {"text", "message", "timestamp"}),
        ],
    )
    def test_a_message_has_the_keys_that_are_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, switch: str, value: str, keys: set[str]
    ) -> None:
        vars(chatra.switches).update({switch: value})
        chatra.visitor_says("c1", "Hello!")
        assert hooks(chatra, receiver)[0]["message"].keys() == keys | {"id", "type"}

    @pytest.mark.parametrize(("joined", "words"), [("words", "Olga joined"), ("empty", "")])
    def test_a_system_line_tells_of_an_agent_who_joins_with_words_or_without(
        self, chatra: ChatraSimulator, receiver: Receiver, joined: str, words: str
    ) -> None:
        vars(chatra.switches).update(joined=joined)
        for text in ("Yes?", "Still there?"):
            chatra.agent_says("c1", text)
        told = [message for body in hooks(chatra, receiver) for message in body["messages"]]
        assert [(message["type"], message["text"]) for message in told] == [
            ("system", words),
            ("agent", "Yes?"),
            ("agent", "Still there?"),
        ]

    @pytest.mark.parametrize("resumed", ["chatFragment", "chatStarted"])
    def test_a_chat_goes_on_after_its_transcript_as_is_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, resumed: str
    ) -> None:
        vars(chatra.switches).update(resumed=resumed)
        chatra.visitor_says("c1", "Hello!")
        chatra.advance(601)
        chatra.visitor_says("c1", "One more thing")
        assert hooks(chatra, receiver)[-1]["eventName"] == resumed

    @pytest.mark.parametrize(
        ("identity", "agents", "mark"),
        [("agents", {"id", "name", "email"}, {"agentId"}), ("message", {"id"}, {"agentName"}), ("", {"id"}, set())],
    )
    def test_agents_are_named_where_it_is_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, identity: str, agents: set[str], mark: set[str]
    ) -> None:
        vars(chatra.switches).update(identity=identity)
        chatra.agent_says("c1", "Yes?")
        body = hooks(chatra, receiver)[-1]
        assert body["agents"][0].keys() == agents
        assert body["messages"][0].keys() & {"agentId", "agentName"} == mark

    @pytest.mark.parametrize("place", SWITCHES["group"])
    def test_the_group_stands_where_it_is_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, place: str
    ) -> None:
        vars(chatra.switches).update(group=place)
        chatra.store.visitor("c1").group_id = "g1"
        chatra.visitor_says("c1", "Hello!")
        body = hooks(chatra, receiver)[0]
        assert {place: found_at(body, place) for place in SWITCHES["group"] if place} == {
            other: "g1" if other == place else None for other in SWITCHES["group"] if other
        }

    @pytest.mark.parametrize(
        ("form", "stands"),
        [
            ("info", {"info": {"size": "42"}, "customFields": None}),
            ("object", {"info": {}, "customFields": {"size": "42"}}),
            ("list", {"info": {}, "customFields": [{"id": "size", "value": "42"}]}),
        ],
    )
    def test_a_contact_forms_own_fields_stand_where_it_is_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, form: str, stands: dict[str, object]
    ) -> None:
        vars(chatra.switches).update(form=form)
        chatra.store.visitor("c1").form = {"size": "42"}
        chatra.visitor_says("c1", "Hello!")
        client = hooks(chatra, receiver)[0]["client"]
        assert {key: client.get(key) for key in stands} == stands

    def test_order_is_kept_unless_it_is_switched_off(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        texts = [str(number) for number in range(5)]
        for text in texts:
            chatra.visitor_says("c1", text)
        assert spoken(hooks(chatra, receiver)) == texts
        chatra.faults.reorder = 3
        for text in texts:
            chatra.visitor_says("c1", text)
        assert spoken(hooks(chatra, receiver))[5:] == ["2", "1", "0", "4", "3"]

    def test_deliveries_are_lost_or_doubled_as_told(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.drop = 1
        chatra.faults.copies = 3
        chatra.visitor_says("c1", "lost")
        chatra.visitor_says("c1", "thrice")
        assert spoken(hooks(chatra, receiver)) == ["thrice"] * 3
        assert [parcel.dropped for parcel in chatra.deliveries] == [True, False]

    @pytest.mark.parametrize(("retries", "answers"), [(0, [500]), (1, [500, 500]), (5, [500, 500, 200])])
    def test_a_failing_receiver_is_tried_again_as_often_as_told(
        self, chatra: ChatraSimulator, receiver: Receiver, retries: int, answers: list[int]
    ) -> None:
        chatra.faults.retries = retries
        receiver.replies.extend([Reply(500), Reply(500)])
        chatra.visitor_says("c1", "Hello!")
        chatra.deliver_all()
        assert chatra.deliveries[0].answers == answers

    def test_a_receiver_that_is_down_is_noted(self, chatra: ChatraSimulator) -> None:
        chatra.send_hooks_to("http://127.0.0.1:9/")
        chatra.visitor_says("c1", "Hello!")
        chatra.deliver_all()
        assert chatra.deliveries[0].answers == [0]

    def test_a_delivery_comes_as_late_as_told(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.delay = 0.3
        began = time.monotonic()
        chatra.visitor_says("c1", "Hello!")
        assert hooks(chatra, receiver)
        assert time.monotonic() - began > 0.25

    def test_waiting_ends_with_an_error_when_it_takes_too_long(self, chatra: ChatraSimulator) -> None:
        chatra.faults.delay = 30
        chatra.visitor_says("c1", "Hello!")
        with pytest.raises(TimeoutError):
            chatra.deliver_all(timeout=0.05)


class TestChance:
    LINES = 300

    def test_doubles_delays_and_loses_about_as_much_as_told(self, receiver: Receiver) -> None:
        chances = Chances(doubled=0.1, late=0.1, lost=0.1)
        with ChatraSimulator(faults=Faults(chances=chances), lanes=3) as chatra:
            chatra.send_hooks_to(receiver.url)
            for number in range(self.LINES):
                chatra.visitor_says("c1", str(number))
            came = [int(text) for text in spoken(hooks(chatra, receiver))]
            lost = {int(spoken([parcel.body])[0]) for parcel in chatra.deliveries if parcel.dropped}
        assert set(came) == set(range(self.LINES)) - lost
        assert 10 < len(lost) < 60
        assert 10 < len(came) - len(set(came)) < 60
        firsts = sorted(set(came), key=came.index)
        assert 10 < sum(later < sooner for sooner, later in itertools.pairwise(firsts)) < 60

    def test_loses_no_transcript(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.chances = Chances(lost=1)
        chatra.visitor_says("c1", "Hello!")
        chatra.advance(601)
        assert [body["eventName"] for body in hooks(chatra, receiver)] == ["chatTranscript"]


def found_at(body: dict[str, Any], place: str) -> object:
    """What stands at a place that is named with dots."""
    found: Any = body
    for key in place.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return None if isinstance(found, dict) else found
