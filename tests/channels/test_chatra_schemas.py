"""How Chatra's deliveries are read, in every form that chatra.md §2.2 knows or leaves open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Author, Delivery, Echo, Fetch, Inbound, IncomingMessage, Rejected, is_made_up
from channels.chatra import schemas
from tests.channels.factories import CLIENT_ID, delivery, fragment, said

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def messages(found: Delivery) -> list[IncomingMessage]:
    return [item for item in schemas.inbound(found) if isinstance(item, IncomingMessage)]


def only(found: Delivery) -> IncomingMessage:
    (message,) = messages(found)
    return message


def started(**parts: object) -> Delivery:
    return delivery({"eventName": "chatStarted", "client": {"id": CLIENT_ID}} | parts)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"text": "A"}, "A"),
        ({"text": None, "message": "B"}, "B"),
        ({"text": "", "message": "B"}, "B"),
        ({"text": "A", "message": "B"}, "A"),
        ({"text": "  keeps its spaces\n"}, "  keeps its spaces\n"),
        ({"text": 42}, "42"),
        ({"text": "broken \ud800 half\x00"}, "broken ? half"),
    ],
)
def test_the_text_is_read_from_either_key(keys: dict[str, Any], text: str) -> None:
    assert only(fragment(said(**keys))).text == text


@pytest.mark.parametrize(
    ("keys", "said_at"),
    [
        ({"createdAt": 1767225600000}, NEW_YEAR),
        ({"createdAt": 1767225600000.0}, NEW_YEAR),
        ({"createdAt": "1767225600000"}, NEW_YEAR),
        ({"createdAt": "2026-01-01T00:00:00Z"}, NEW_YEAR),
        ({"createdAt": "2026-01-01T01:00:00+01:00"}, NEW_YEAR),
        ({"createdAt": "2026-01-01T00:00:00.000"}, NEW_YEAR),
        ({"createdAt": None, "timestamp": 1767225600000}, NEW_YEAR),
        ({"createdAt": "soon", "timestamp": 1767225600000}, NEW_YEAR),
        ({"createdAt": 1767225600000, "timestamp": 1}, NEW_YEAR),
        ({"createdAt": 1767225600}, None),
        ({"createdAt": 10**40}, None),
        ({"createdAt": float("nan")}, None),
        ({"createdAt": "0001-01-01T00:00:00+23:00"}, None),
        ({"createdAt": True}, None),
        ({"createdAt": "²"}, None),
        ({"createdAt": {}}, None),
        ({"createdAt": None}, None),
    ],
)
def test_the_time_is_read_from_either_key_in_either_form(keys: dict[str, Any], said_at: datetime | None) -> None:
    assert only(fragment(said(**keys))).said_at == said_at


@pytest.mark.parametrize(
    "parts",
    [
        {"message": said()},
        {"messages": [said()]},
        {"message": said(), "messages": [said()]},
        {"message": {"text": "Hi!"}, "messages": [said()]},
        {"message": {"text": "Hi!"}},
        {"message": {"text": "Hi!", "type": None}, "messages": []},
        {"message": said(), "messages": [said("joined", id="x", type="system")]},
    ],
)
def test_a_new_chat_has_its_first_message_once_in_whichever_form(parts: dict[str, Any]) -> None:
    message = only(started(**parts))
    assert (message.text, message.author) == ("Hi!", Author.CUSTOMER)


def test_a_new_chat_keeps_a_message_that_the_list_lacks() -> None:
    found = messages(started(message=said("First"), messages=[said("Second", id="other")]))
    assert [message.text for message in found] == ["First", "Second"]


def test_a_new_chat_asks_for_its_visitor() -> None:
    assert schemas.inbound(started(message=said()))[-1] == Fetch(CLIENT_ID, "client", CLIENT_ID)
    assert schemas.inbound(started()) == [Fetch(CLIENT_ID, "client", CLIENT_ID)]


def test_whatever_a_visitor_says_asks_for_the_visitor_for_an_earlier_call_may_have_failed() -> None:
    assert schemas.inbound(fragment(said()))[-1] == Fetch(CLIENT_ID, "client", CLIENT_ID)


def test_what_a_colleague_says_asks_for_nothing() -> None:
    said_by_a_colleague = fragment(said(type="agent"), said(type="system", id="other"))
    assert messages(said_by_a_colleague)
    assert not [item for item in schemas.inbound(said_by_a_colleague) if isinstance(item, Fetch)]


def test_what_a_transcript_repeats_asks_only_for_a_visitor_of_whom_nothing_was_ever_told() -> None:
    repeated = delivery(fragment(said()).body | {"eventName": "chatTranscript"})
    assert schemas.inbound(repeated)[-1] == Fetch(CLIENT_ID, "client", CLIENT_ID, once=True)


@pytest.mark.parametrize(
    "entry",
    [
        said("joined", type="system"),
        said("?", type="hologram"),
        said("?", type=None),
        said("", message="", type="agent"),
        said(" \n", id=None, createdAt=None),
        "not an object",
        None,
    ],
)
def test_what_nobody_said_is_left_out(entry: dict[str, Any]) -> None:
    assert messages(fragment(entry, said(id="kept"))) == messages(fragment(said(id="kept")))


@pytest.mark.parametrize("empty", [said(""), said(" \n"), said("", id=None)])
def test_what_a_visitor_sends_without_words_is_told_of_for_it_may_be_a_file(empty: dict[str, Any]) -> None:
    assert only(fragment(empty)).text == schemas.NO_WORDS


def test_a_colleague_in_chatra_is_an_agent_with_a_name() -> None:
    body = fragment(said(type="agent", agentId="a1")).body | {"agents": [{"id": "a1", "name": "Olga"}]}
    message = only(delivery(body))
    assert (message.author, message.author_name) == (Author.AGENT, "Olga")
    assert only(fragment(said(type="agent", agentName="Ivan"))).author_name == "Ivan"
    assert only(fragment(said(type="agent", receivedFrom="another"))).author is Author.AGENT


def test_a_pushed_message_comes_from_a_bot() -> None:
    assert only(fragment(said(type="agent", isPushed=True))).author is Author.BOT


def test_our_own_message_is_an_echo() -> None:
    found: list[Inbound] = schemas.inbound(fragment(said("Hello!", type="agent", receivedFrom=" Deskbell")))
    assert found == [Echo(CLIENT_ID, "Qm7sZk3wPn2xRt9Ya", "Hello!", NEW_YEAR)]


def test_a_visitor_cannot_pass_for_us() -> None:
    assert only(fragment(said(receivedFrom="deskbell"))).author is Author.CUSTOMER


class TestIdentity:
    def test_is_chatras_id(self) -> None:
        assert only(fragment(said(id="abc"))).external_id == "abc"

    def test_without_an_id_is_made_of_chat_type_time_and_text(self) -> None:
        one, other = said(id=None), said("Other", id=None)
        assert only(fragment(one)).external_id == only(fragment(one, event="chatTranscript")).external_id
        assert only(fragment(one)).external_id != only(fragment(other)).external_id
        assert only(fragment(one)).external_id != only(fragment(one, chatId="another")).external_id

    def test_that_is_longer_than_can_be_kept_counts_as_none(self) -> None:
        assert is_made_up(only(fragment(said(id="x" * 201))).external_id)

    def test_without_an_id_does_not_depend_on_how_the_time_is_written(self) -> None:
        iso = said(id=None, createdAt=None, timestamp="2026-01-01T01:00:00+01:00")
        assert only(fragment(said(id=None))).external_id == only(fragment(iso)).external_id

    def test_without_id_and_time_belongs_to_the_delivery(self) -> None:
        body = fragment(said("ok", id=None, createdAt=None), said("ok", id=None, createdAt=None)).body
        first, again, later = (delivery(body, nonce=nonce) for nonce in ("one", "one", "two"))
        ids = [message.external_id for message in messages(first)]
        assert len(set(ids)) == 2
        assert ids == [message.external_id for message in messages(again)]
        assert not set(ids) & {message.external_id for message in messages(later)}

    @pytest.mark.row("R19")
    @pytest.mark.parametrize("event", ["chatStarted", "chatFragment"])
    def test_with_other_words_in_one_delivery_is_two_messages(self, event: str) -> None:
        single = {"message": said("one")} if event == "chatStarted" else {}
        listed = [said("two")] if single else [said("one"), said("two")]
        found = delivery({"eventName": event, "client": {"id": CLIENT_ID}, "messages": listed, **single})
        assert [message.text for message in messages(found)] == ["one", "two"]

    def test_twice_in_a_delivery_is_one_message(self) -> None:
        assert len(messages(fragment(said(), said()))) == 1


class TestKey:
    def test_is_the_same_for_a_repetition(self) -> None:
        body = fragment(said()).body
        assert schemas.key(delivery(body, nonce="one")) == schemas.key(delivery(body, nonce="two"))

    def test_is_another_for_another_delivery(self) -> None:
        assert schemas.key(fragment(said())) != schemas.key(fragment(said("Other")))

    @pytest.mark.parametrize(
        "found",
        [
            fragment(said(), said(id=None, createdAt=None)),
            fragment(said(id="", createdAt="soon")),
            fragment(),
            delivery({"client": {"id": CLIENT_ID}}, fetched=True),
        ],
    )
    def test_is_the_deliverys_own_where_a_repetition_cannot_be_told(self, found: Delivery) -> None:
        assert schemas.key(found) == found.nonce


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "no JSON object"),
        ({"eventName": "agentJoined"}, "agentJoined"),
        ({"eventName": ["chatStarted"]}, "no event"),
        ({"eventName": "chatFragment"}, "client.id"),
        ({"eventName": "chatFragment", "client": "Maria"}, "client.id"),
        ({"eventName": "chatFragment", "client": {"id": ""}}, "client.id"),
        ({"eventName": "chatFragment", "client": {"id": "a"}}, "no message"),
        ({"eventName": "chatTranscript", "client": {"id": "a"}, "messages": "Hi!"}, "no message"),
    ],
)
def test_what_makes_no_sense_is_rejected_with_its_reason(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        schemas.check(delivery(body))


@pytest.mark.parametrize(
    "found", [started(), fragment(said(type="system")), delivery({"client": {"id": "a"}}, fetched=True)]
)
def test_what_makes_sense_is_accepted(found: Delivery) -> None:
    schemas.check(found)


@pytest.mark.parametrize(
    ("client", "root", "group"),
    [
        ({"groupId": "g1"}, {}, "g1"),
        ({"group": {"id": "g2"}}, {}, "g2"),
        ({"group": "g3"}, {}, "g3"),
        ({}, {"groupId": "g4"}, "g4"),
        ({}, {"group": {"id": "g5"}}, "g5"),
        ({}, {"group": "g6"}, "g6"),
        ({"groupId": "g1", "group": {"id": "g2"}}, {"groupId": "g4"}, "g1"),
        ({"groupId": "", "group": {}}, {"groupId": " g4 "}, "g4"),
        ({"groupId": None}, {}, ""),
    ],
)
def test_the_group_is_found_wherever_it_stands(client: dict[str, Any], root: dict[str, Any], group: str) -> None:
    assert only(delivery(fragment(said(), **client).body | root)).group == group
