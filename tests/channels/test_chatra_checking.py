"""The walk through chatra.md's open points, against a Chatra that is as we think, and against others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from channels.base import AgentData, ChannelError, Delivery, Outbound
from channels.chatra.adapter import ChatraAdapter
from channels.chatra.checking import sent, visitor
from channels.chatra.checking.echoes import told_of_edit
from channels.chatra.checking.line import Line
from channels.chatra.checking.sending import sending
from channels.chatra.checking.walk import walk
from channels.chatra.checking.webhooks import so_far
from channels.checking import Ground, Point, Verdict, printed, settled
from tests.channels import factories
from tests.channels.factories import CLIENT_ID, delivery, fragment, said
from tests.vendors.chatra import ChatraSimulator, wire
from tests.vendors.chatra.rest import Rest
from tests.vendors.chatra.wire import Switches
from tests.vendors.receiver import Receiver, Reply

ANN = AgentData(1, "Ann", "ann@desk.example")


def line(url: str, keys: dict[str, str] | None = None) -> Line:
    adapter = factories.adapter(url=url, keys=keys)
    assert isinstance(adapter, ChatraAdapter)
    return Line(adapter)


def sent_by(chatra: ChatraSimulator) -> list[Delivery]:
    parcels = list(chatra.deliveries)
    return [Delivery(parcel.raw, parcel.body, f"{number}") for number, parcel in enumerate(parcels)]


def ground(chatra: ChatraSimulator, *, agent: AgentData | None = None) -> Ground:
    """A visitor with a group and a field of the site has written, Olga has answered, and webhooks have told of it."""
    site = {"name": "Maria", "email": "maria@shop.example", "phone": "+15550100", "Plan": "Gold"}
    client = chatra.visitor_says(None, "Hi!", **site).client_id
    chatra.store.clients[client].group_id = "BKjdxwGNFhDE4DJ2x"
    chatra.agent_says(client, "Hello!")
    earlier = sent_by(chatra)
    return Ground(
        visitor=client,
        agent=agent,
        earlier=earlier,
        heard=lambda: sent_by(chatra)[len(earlier) :],
        patience=0.2,
        pause=lambda: None,
    )


def walked(chatra: ChatraSimulator, *, agent: AgentData | None = None) -> list[Point]:
    return list(walk(line(chatra.url), ground(chatra, agent=agent)))


def differing(points: list[Point]) -> set[str]:
    return {point.asked for point in points if point.verdict is Verdict.DIFFERS}


def answer(points: list[Point], asked: str) -> tuple[Verdict, str]:
    (found,) = [point for point in points if point.asked == asked]
    return found.verdict, found.answered


class TestAMessageThatIsCutOff:
    def test_is_found_by_its_webhook_and_taken_away(self, chatra: ChatraSimulator) -> None:
        of = replace(ground(chatra), patience=5.0)
        chatra.faults.fail(cut="after")
        with pytest.raises(ChannelError, match="gave no answer"):
            list(sending(line(chatra.url), of, ANN))
        assert [said.text for said in chatra.messages(of.visitor) if said.type == "agent"] == ["Hello!"]

    def test_is_told_of_where_it_cannot_be_found(self, chatra: ChatraSimulator) -> None:
        of = ground(chatra)
        chatra.faults.fail(cut="before")
        with pytest.raises(ChannelError, match="it is left behind"):
            list(sending(line(chatra.url), of, ANN))


class TestReading:
    def test_finds_that_all_agrees_with_the_simulator(self, chatra: ChatraSimulator) -> None:
        points = walked(chatra)
        assert differing(points) == set()
        assert answer(points, "whether the keys are taken") == (Verdict.AGREES, "yes")
        assert answer(points, "where the IP address stands") == (Verdict.AGREES, "ip")
        assert answer(points, "where the location stands") == (Verdict.AGREES, "city, country")
        assert answer(points, "chatStarted") == (Verdict.AGREES, "came 1 times")
        assert answer(points, "chatTranscript")[0] is Verdict.OPEN

    def test_only_reads(self, chatra: ChatraSimulator) -> None:
        walked(chatra)
        assert {call.method for call in chatra.requests} == {"GET"}

    def test_names_sections_of_chatra_md_and_speaks_in_single_lines(self, chatra: ChatraSimulator) -> None:
        for point in walked(chatra, agent=ANN):
            assert point.section.startswith("§")
            assert "\n" not in point.asked + point.answered

    @pytest.mark.parametrize(
        "switches",
        [
            Switches(started="messages", text="text", time="createdAt", group="client.groupId", identity=""),
            Switches(started="both", text="message", time="timestamp", group="client.group.id", asked_group="group.id"),
            Switches(group="groupId", asked_group="group", joined="empty"),
        ],
    )
    def test_agrees_with_every_form_that_the_adapter_reads(self, chatra: ChatraSimulator, switches: Switches) -> None:
        vars(chatra.switches).update(vars(switches))
        assert differing(walked(chatra, agent=ANN)) == set()

    def test_without_a_visitor_leaves_that_open(self, chatra: ChatraSimulator) -> None:
        points = list(walk(line(chatra.url), Ground()))
        assert answer(points, "a visitor's data")[0] is Verdict.OPEN
        assert answer(points, "webhooks that Deskbell can use")[0] is Verdict.OPEN
        assert differing(points) == set()

    def test_leaves_a_visitor_open_whom_chatra_does_not_know(self, chatra: ChatraSimulator) -> None:
        points = list(walk(line(chatra.url), Ground(visitor="nobody")))
        assert answer(points, "a visitor's data")[0] is Verdict.OPEN


class TestWhatCannotBeAsked:
    def test_keys_that_are_refused_end_the_walk(self, chatra: ChatraSimulator) -> None:
        with pytest.raises(ChannelError, match="refused the keys") as refused:
            list(walk(line(chatra.url, {"secret_key": "wrong"}), Ground()))
        assert refused.value.broken

    def test_a_chatra_that_cannot_be_reached_ends_it_too(self) -> None:
        with pytest.raises(ChannelError, match="could not be reached"):
            list(walk(line(factories.NOBODY_LISTENS), Ground()))

    def test_one_call_without_an_answer_leaves_the_rest_of_its_part_open(self, chatra: ChatraSimulator) -> None:
        walking = walk(line(chatra.url), ground(chatra))
        keys = [next(walking), next(walking)]
        chatra.faults.fail(503)
        points = keys + list(walking)
        assert any(point.answered == "Chatra cannot take it at the moment (answer 503)." for point in points)
        assert answer(points, "chatStarted")[0] is Verdict.AGREES
        assert differing(points) == set()


class TestAChatraThatIsDifferent:
    """Each difference is one that the adapter cannot live with."""

    @pytest.mark.parametrize(
        ("client", "asked"),
        [
            ({"ip": None, "meta": {"ipAddr": "203.0.113.7"}}, "where the IP address stands"),
            ({"groupId": None, "agentGroup": "BKjdxwGNFhDE4DJ2x"}, "where the group stands"),
            ({"id": "somebody else"}, "a visitor's ids"),
        ],
    )
    def test_in_what_it_tells_of_a_visitor(self, receiver: Receiver, client: dict[str, Any], asked: str) -> None:
        body = {"id": CLIENT_ID, "ip": "203.0.113.7", "groupId": "BKjdxwGNFhDE4DJ2x"} | client
        assert asked in differing(looked_at(receiver, Reply(200, factories.delivery(body).raw)))

    def test_but_not_in_where_it_has_the_fields_of_a_form(self, receiver: Receiver) -> None:
        body = {"id": CLIENT_ID, "info": {"Plan": "Gold"}, "customFields": {"Order": "4711"}, "hologram": "yes"}
        points = looked_at(receiver, Reply(200, factories.delivery(body).raw))
        asked = "fields of the site and of the contact form"
        assert answer(points, asked) == (Verdict.AGREES, "info.Plan, customFields.Order")
        assert differing(points) == set()

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "Maria", "email": "maria@shop.example", "Order": "4711"},
            [{"key": "email", "value": "maria@shop.example"}],
            {"XkDsxHtLppJTJ3vZa": {"label": "Order", "value": "4711"}},
        ],
    )
    def test_nor_in_that_a_form_asks_for_name_and_address(self, receiver: Receiver, fields: object) -> None:
        body = {"id": CLIENT_ID, "customFields": fields}
        assert differing(looked_at(receiver, Reply(200, factories.delivery(body).raw))) == set()

    def test_and_names_the_fields_that_are_lost(self, receiver: Receiver) -> None:
        body = {"id": CLIENT_ID, "info": {"Plan": "Gold"}, "form": [["4711"]]}
        points = looked_at(receiver, Reply(200, factories.delivery(body).raw))
        asked = "fields of the site and of the contact form"
        assert answer(points, asked) == (Verdict.DIFFERS, "info.Plan; not read: form")

    @pytest.mark.parametrize("reply", [Reply(200, b"<html>"), Reply(200, b"[]"), Reply(500), Reply(403)])
    def test_in_not_telling_of_one(self, receiver: Receiver, reply: Reply) -> None:
        assert differing(looked_at(receiver, reply)) == {"a visitor's data"}

    @pytest.mark.parametrize(
        ("replies", "asked"),
        [
            ([Reply(400)], "whether the keys are taken"),
            ([Reply(500)], "whether the keys are taken"),
            ([Reply(200)], "an unknown visitor"),
            ([Reply(404), Reply(404)], "a wrong secret key"),
            ([Reply(404), Reply(400)], "a wrong secret key"),
            ([Reply(404), Reply(401), Reply(200, b"<html>")], "a path that does not exist"),
            ([Reply(404), Reply(401), Reply(404), Reply(400)], "an unknown message"),
        ],
    )
    def test_in_its_errors(self, receiver: Receiver, replies: list[Reply], asked: str) -> None:
        receiver.replies.extend(replies)
        assert asked in differing(list(walk(line(receiver.url), Ground())))

    def test_is_not_seen_in_an_answer_that_may_pass(self, receiver: Receiver) -> None:
        receiver.replies.append(Reply(429))
        with pytest.raises(ChannelError, match="429"):
            list(walk(line(receiver.url), Ground()))

    @pytest.mark.parametrize(
        ("found", "asked"),
        [
            (delivery({"eventName": "chatClosed", "client": {"id": "a"}}), "webhooks that Deskbell can use"),
            (factories.arrived(b"payload=1"), "webhooks that Deskbell can use"),
            (fragment(said(type="bot")), "types of messages"),
            (fragment(said(createdAt=None, at="now")), "key and form of a message's time"),
            (fragment(said(), agentGroup="BKjdxwGNFhDE4DJ2x"), "where webhooks carry the group"),
            (delivery(fragment(said()).body | {"agents": [{"email": "a@b.example"}]}), "keys of an agent"),
        ],
    )
    def test_in_its_webhooks(self, found: Delivery, asked: str) -> None:
        assert differing(list(so_far([found]))) == {asked}

    def test_in_keys_of_a_message_that_nobody_reads_yet(self) -> None:
        points = list(so_far([fragment(said("", file={"url": "https://…"}))]))
        assert answer(points, "keys of a message that Deskbell does not read") == (Verdict.OPEN, "file")


def looked_at(receiver: Receiver, reply: Reply) -> list[Point]:
    receiver.replies.append(reply)
    return list(visitor.visitor(line(receiver.url), CLIENT_ID))


def test_a_printed_line_is_one_line_and_tells_no_secret() -> None:
    answered = f"401 {{'error': 'PUBLIC:{factories.SECRET_KEY}'}}, keys \x1b[2Jx\nagrees       §1"
    line = printed(settled("§1.9", "a wrong secret key", answered, agrees=True), [factories.SECRET_KEY, "", CLIENT_ID])
    assert line == "agrees       §1.9  a wrong secret key: 401 {'error': 'PUBLIC:…'}, keys  [2Jx agrees       §1"


class TestSending:
    def test_agrees_with_the_simulator_on_every_point(self, chatra: ChatraSimulator) -> None:
        points = walked(chatra, agent=ANN)
        assert differing(points) == set()
        for asked in ("our message in a webhook", "the pushed one", "receivedFrom on it", "editing a message"):
            assert answer(points, asked)[0] is Verdict.AGREES
        assert answer(points, "6000 characters")[1].startswith("400 ")
        assert answer(points, "5000 characters") == (Verdict.AGREES, "200")

    def test_leaves_nothing_behind(self, chatra: ChatraSimulator) -> None:
        there = ground(chatra, agent=ANN)
        before = [message.id for message in spoken(chatra, there.visitor)]
        list(walk(line(chatra.url), there))
        assert [message.id for message in spoken(chatra, there.visitor)] == before
        assert [agent.email for agent in chatra.agents if agent.dummy] == [ANN.email]

    def test_leaves_nothing_behind_even_if_it_is_broken_off(self, chatra: ChatraSimulator) -> None:
        there = ground(chatra, agent=ANN)
        before = len(spoken(chatra, there.visitor))
        walking = walk(line(chatra.url), there)
        for point in walking:
            if point.asked == "a pushed message":
                break
        assert len(spoken(chatra, there.visitor)) == before + 2
        walking.close()
        assert len(spoken(chatra, there.visitor)) == before

    def test_leaves_open_what_the_webhooks_do_not_tell_in_time(self, chatra: ChatraSimulator) -> None:
        there = replace(ground(chatra, agent=ANN), heard=tuple)
        points = list(walk(line(chatra.url), there))
        assert answer(points, "our message in a webhook")[0] is Verdict.OPEN
        assert answer(points, "the pushed one")[0] is Verdict.OPEN
        assert differing(points) == set()

    def test_sees_that_our_own_messages_are_not_marked_as_ours(
        self, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "marks", lambda message: {})
        assert differing(walked(chatra, agent=ANN)) == {
            "receivedFrom on it",
            "our message in a webhook",
            "the pushed one",
        }

    def test_sees_that_answers_name_no_id(self, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
        worded = wire.rest_message
        monkeypatch.setattr(wire, "rest_message", lambda *given: {"_id": worded(*given).pop("id")})
        points = walked(chatra, agent=ANN)
        assert {"a message in an agent's name", "a pushed message"} <= differing(points)

    def test_takes_away_what_should_have_been_refused(
        self, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = chatra.store
        anybody = store.add_agent("Anybody", "anybody@chatra.example")
        monkeypatch.setattr(Rest, "_addressee", lambda rest, body: store.visitor(body["clientId"]))
        monkeypatch.setattr(Rest, "_author", lambda rest, body: anybody)
        there = ground(chatra, agent=ANN)
        before = [message.text for message in store.messages if message.type == "agent"]
        points = list(walk(line(chatra.url), there))
        assert "a message to an unknown visitor" in differing(points)
        assert [message.text for message in store.messages if message.type == "agent"] == before
        posted = [call.body for call in chatra.requests if call.method == "POST" and call.path == "/api/messages/"]
        assert {body.get("receivedFrom") for body in posted} == {"deskbell"}

    def test_says_what_it_leaves_behind(self, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
        worded = wire.rest_message
        monkeypatch.setattr(wire, "rest_message", lambda *given: {"_id": worded(*given).pop("id")})
        monkeypatch.setattr("tests.vendors.chatra.rest.LONGEST_TEXT", 9000)
        points = walked(chatra, agent=ANN)
        assert [point.answered for point in points if "is left behind" in point.answered] == [
            "200, keys _id: no id, so it is left behind",
            "200, keys _id: no id, so it is left behind",
            "it is left behind: no id was named",
        ]

    def test_leaves_open_an_edit_of_which_the_adapter_makes_nothing(self) -> None:
        told = sent.new(Outbound(CLIENT_ID, "", "Ann", "ann@desk.example"))
        heard = [fragment(said(f"{sent.WORDS} ({told.mark}, edited)", type="system"))]
        point = told_of_edit(line(factories.NOBODY_LISTENS), Ground(heard=lambda: heard), told)
        assert point.verdict is Verdict.OPEN

    def test_sees_that_a_text_of_the_longest_kind_is_refused(
        self, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tests.vendors.chatra.rest.LONGEST_TEXT", 2000)
        assert differing(walked(chatra, agent=ANN)) == {"5000 characters"}

    def test_sees_that_longer_texts_are_taken(self, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tests.vendors.chatra.rest.LONGEST_TEXT", 9000)
        points = walked(chatra, agent=ANN)
        assert answer(points, "6000 characters") == (Verdict.AGREES, "taken, 6000 of them kept")


def spoken(chatra: ChatraSimulator, client: str) -> list[Any]:
    return [message for message in chatra.messages(client) if message.type != "system"]
