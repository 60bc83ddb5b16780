"""Every recording under recorded/ is understood: what a vendor once really said keeps being read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from channels.base import ChannelError, CustomerUpdate, Delivery, Echo, Fetch, Inbound, IncomingMessage, Outbound
from channels.recording import FORMAT
from tests.channels import factories
from tests.vendors.receiver import Receiver, Reply

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "recorded"
RECORDINGS = sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def recording(name: str) -> Json:
    recorded: Json = json.loads((FOLDER / f"{name}.json").read_text())
    return recorded


def webhooks(name: str) -> list[Delivery]:
    return [factories.delivery(body, nonce=f"{number}") for number, body in enumerate(recording(name)["webhooks"])]


def calls(name: str, method: str, path: str) -> list[Json]:
    """The recorded calls to this path that were answered."""
    found = (call for call in recording(name)["exchanges"] if call["method"] == method and call["status"])
    return [call for call in found if call["path"].startswith(path)]


def reply(call: Json) -> Reply:
    return Reply(call["status"], json.dumps(call["body"]).encode() if "body" in call else call["text"].encode())


def heard(name: str, kind: type[Inbound]) -> list[Any]:
    adapter = factories.adapter(recording(name)["kind"])
    return [item for delivery in webhooks(name) for item in adapter.parse(delivery) if isinstance(item, kind)]


@pytest.mark.parametrize("name", RECORDINGS)
class TestEveryRecording:
    def test_is_of_the_format_that_is_read_here(self, name: str) -> None:
        assert recording(name)["format"] == FORMAT

    def test_has_webhooks_that_are_accepted_and_read(self, name: str) -> None:
        adapter = factories.adapter(recording(name)["kind"])
        for delivery in webhooks(name):
            adapter.verify(delivery)
            assert adapter.conversation(delivery)
            assert adapter.event(delivery)
            assert adapter.parse(delivery) == adapter.parse(delivery)

    def test_has_webhooks_whose_repetitions_are_known(self, name: str) -> None:
        adapter = factories.adapter(recording(name)["kind"])
        for delivery in webhooks(name):
            again = factories.delivery(delivery.body, nonce="again")
            assert adapter.key(delivery) in (adapter.key(again), delivery.nonce)

    def test_has_messages_that_can_be_told_apart_and_put_in_order(self, name: str) -> None:
        for message in heard(name, IncomingMessage):
            assert message.external_id
            assert message.said_at


CHATRA = [name for name in RECORDINGS if recording(name)["kind"] == "chatra"]


@pytest.mark.parametrize("name", CHATRA)
class TestEveryRecordingOfChatra:
    def test_has_visitors_who_are_read(self, name: str, receiver: Receiver) -> None:
        adapter = factories.adapter(url=receiver.url)
        for call in (call for call in calls(name, "GET", "/clients/") if call["status"] == 200):
            receiver.replies.append(reply(call))
            visitor = unquote(call["path"].removeprefix("/clients/"))
            fetched = adapter.fetch(Fetch(visitor, "client", visitor))
            (update,) = adapter.parse(factories.delivery(fetched, fetched=True))
            assert isinstance(update, CustomerUpdate)
            assert update.customer.external_id == visitor
            assert update.customer.name

    def test_has_answers_to_messages_that_are_receipts_or_refusals(self, name: str, receiver: Receiver) -> None:
        adapter = factories.adapter(url=receiver.url)
        for call in calls(name, "POST", "/messages/"):
            receiver.replies.append(reply(call))
            item = Outbound(call["sent"]["clientId"], "Hello!", "Ann", "ann@desk.example")
            if call["status"] == 200:
                assert adapter.perform(item).external_id == call["body"]["id"]
            else:
                with pytest.raises(ChannelError) as refused:
                    adapter.perform(item)
                assert not refused.value.broken

    def test_shows_our_own_messages_as_echoes(self, name: str) -> None:
        sent = {call["body"]["id"] for call in calls(name, "POST", "/messages/") if call["status"] == 200}
        echoes = heard(name, Echo)
        assert {echo.external_id for echo in echoes} <= sent
        assert bool(echoes) == bool(sent)


def test_there_is_a_recording() -> None:
    assert RECORDINGS
