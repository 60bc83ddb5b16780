"""What a recording holds and how it is written down."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from channels import recording
from channels.base import ChannelError
from channels.chatra.checking.words import VOCABULARY
from channels.checking import settled
from channels.http import Exchange, HttpClient
from tests.channels import factories
from tests.channels.factories import CLIENT_ID, SECRET_KEY
from tests.vendors.receiver import Receiver, Reply

BASE = "https://chatra.invalid/api"


def recorded(*exchanges: Exchange, webhooks: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return recording.recording(
        "chatra",
        base_url=BASE,
        exchanges=exchanges,
        webhooks=[factories.delivery(body) for body in webhooks or []],
        points=[settled("§1.1", "whether the keys are taken", "yes, Maria", agrees=True)],
        secrets=[SECRET_KEY],
        vocabulary=VOCABULARY,
    )


def test_it_holds_calls_answers_webhooks_and_verdicts_without_what_they_said() -> None:
    answer = json.dumps({"id": CLIENT_ID, "info": {"name": "Maria"}}).encode()
    call = Exchange("GET", f"{BASE}/clients/{CLIENT_ID}", None, 200, {"content-type": "application/json"}, answer)
    body = {"eventName": "chatFragment", "client": {"id": CLIENT_ID}, "messages": [factories.said("Maria here")]}
    found = recorded(call, webhooks=[body])
    (exchange,), (webhook,) = found["exchanges"], found["webhooks"]
    assert exchange["path"] == f"/clients/{exchange['body']['id']}"
    assert exchange["body"]["id"] == webhook["client"]["id"]
    assert (exchange["status"], exchange["body"]["info"]["name"]) == (200, "Aaaaa")
    assert (webhook["eventName"], webhook["messages"][0]["type"]) == ("chatFragment", "client")
    assert found["points"] == [{"section": "§1.1", "asked": "whether the keys are taken", "verdict": "agrees"}]
    assert "Maria" not in json.dumps(found)
    assert CLIENT_ID not in json.dumps(found)


def test_an_answer_that_is_no_json_is_kept_as_a_text() -> None:
    found = recorded(Exchange("GET", f"{BASE}/x", None, 502, {}, b"<h1>Sorry, Maria</h1>"))
    assert found["exchanges"][0]["text"] == "<a2>Aaaaa, Aaaaa</a2>"
    assert "body" not in found["exchanges"][0]


def test_a_call_without_an_answer_is_kept_with_what_it_sent() -> None:
    found = recorded(Exchange("POST", f"{BASE}/messages/", {"text": "Hello Maria", "receivedFrom": "deskbell"}))
    assert found["exchanges"][0]["status"] == 0
    assert found["exchanges"][0]["sent"] == {"text": "Aaaaa Aaaaa", "receivedFrom": "deskbell"}


@pytest.mark.parametrize("place", ["info", "basicInfo", "integrationData", "customFields"])
def test_what_a_visitor_calls_type_or_event_is_no_word_of_the_vendors(place: str) -> None:
    client = {"id": CLIENT_ID, place: {"type": "Diabetes", "eventName": "Wedding", "messages": {"type": "Schmidt"}}}
    call = Exchange("GET", f"{BASE}/clients/{CLIENT_ID}", None, 200, {}, json.dumps(client).encode())
    asked = Exchange("GET", f"{BASE}/messages/m1", None, 200, {}, json.dumps({"type": "agent"}).encode())
    body = {"eventName": "chatFragment", "client": client, "messages": [factories.said(type="system")]}
    found = recorded(call, asked, webhooks=[body])
    for private in ("Diabetes", "Wedding", "Schmidt"):
        assert private not in json.dumps(found)
    assert found["exchanges"][1]["body"] == {"type": "agent"}
    (webhook,) = found["webhooks"]
    assert (webhook["eventName"], webhook["messages"][0]["type"]) == ("chatFragment", "system")


@pytest.mark.parametrize(("raw", "kept"), [(b'[{"text": "Maria"}]', [{"text": "Aaaaa"}]), (b"a=Maria", "a=Aaaaa")])
def test_a_webhook_that_is_no_json_object_is_kept_in_its_form(raw: bytes, kept: object) -> None:
    found = recording.recording(
        "chatra",
        base_url=BASE,
        exchanges=[],
        webhooks=[factories.arrived(raw)],
        points=[],
        secrets=[],
        vocabulary=VOCABULARY,
    )
    assert found["webhooks"] == [kept]


def test_a_secret_does_not_even_stay_as_a_part_of_a_key() -> None:
    found = recorded(Exchange("GET", f"{BASE}/x", None, 200, {}, json.dumps({f"k {SECRET_KEY}": 1}).encode()))
    assert SECRET_KEY not in json.dumps(found)


def test_the_file_is_for_its_owner_only_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    recording.write(file, {"kind": "chatra"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        recording.write(file, {})
    recording.write(file, {"kind": "other"}, replace=True)
    assert json.loads(file.read_text()) == {"kind": "other"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


class TestTheWitness:
    """What the one HTTP client tells to whoever records."""

    def test_hears_of_every_answer_also_of_those_that_are_errors(self, receiver: Receiver) -> None:
        heard: list[Exchange] = []
        client = HttpClient(trusted=(receiver.url,), witness=heard.append)
        receiver.replies.extend([Reply(200, b'{"id": 1}', {"X-RateLimit-Limit": "5"}), Reply(403, b"no")])
        client.call("GET", f"{receiver.url}/a", vendor="Shop", headers={"Authorization": "secret"})
        with pytest.raises(ChannelError):
            client.call("POST", f"{receiver.url}/b", vendor="Shop", body={"text": "Hi"})
        assert [(each.method, each.status, each.sent, each.raw) for each in heard] == [
            ("GET", 200, None, b'{"id": 1}'),
            ("POST", 403, {"text": "Hi"}, b"no"),
        ]
        assert heard[0].headers["x-ratelimit-limit"] == "5"
        assert "secret" not in repr(heard)

    def test_hears_of_calls_that_nobody_answered(self) -> None:
        heard: list[Exchange] = []
        with pytest.raises(ChannelError):
            HttpClient(trusted=(factories.NOBODY_LISTENS,), witness=heard.append).call(
                "GET", factories.NOBODY_LISTENS, vendor="Shop"
            )
        assert [each.status for each in heard] == [0]
