"""What a vendor has really sent, for those who check it."""

from __future__ import annotations

import pytest

from channels.base import Delivery
from jobs.adapters import adapter_of
from models import Channel
from services.exchange import evidence, intake
from tests import factories as make
from tests.channels.factories import fragment, said

pytestmark = pytest.mark.usefixtures("app")


def came(channel: Channel, text: str, *, fetched: bool = False) -> None:
    sent = fragment(said(text, id=text))
    intake.accept(channel, adapter_of(channel.id), Delivery(sent.raw, sent.body, nonce=text, fetched=fetched))


def texts(found: list[Delivery]) -> list[str]:
    return [delivery.body["messages"][0]["text"] for delivery in found]


def test_the_latest_webhooks_come_oldest_first_and_without_what_we_asked_for() -> None:
    channel = make.chatra()
    for text in ("one", "two", "three"):
        came(channel, text)
    came(channel, "answer", fetched=True)
    came(make.chatra(), "elsewhere")
    assert texts(evidence.latest(channel, 2)) == ["two", "three"]
    assert texts(evidence.latest(channel, 9)) == ["one", "two", "three"]


def test_only_what_came_after_a_webhook_is_new() -> None:
    channel = make.chatra()
    assert evidence.newest(channel) == 0
    came(channel, "one")
    newest = evidence.newest(channel)
    assert evidence.since(channel, newest, 9) == []
    came(channel, "two")
    assert texts(evidence.since(channel, newest, 9)) == ["two"]


def test_the_newest_visitor_is_whom_the_channel_met_last() -> None:
    channel = make.chatra()
    assert evidence.newest_visitor(channel) == ""
    for visitor in ("first", "second"):
        make.chat(channel=channel, visitor=visitor)
    assert evidence.newest_visitor(channel) == "second"
