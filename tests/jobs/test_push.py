"""Web Push: what arrives at the browser, when it is tried again, and when nothing is sent at all."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from rq import Queue

from channels.http import HttpClient
from extensions import db
from jobs import push, queues
from models import Agent, PushSubscription, StatusKind
from realtime.bus import bus
from services import clock
from services.alerts import notifications, push_keys, push_subscriptions
from services.alerts.notifications import Wishes
from services.attendance import statuses
from services.conversations import chats
from services.signing_in import sign_ins
from tests import factories as make
from tests.processes.running import ROOT
from tests.pushing import PushingBrowser, asleep, set_away
from tests.serving import work_off
from tests.vendors.receiver import Receiver, Reply

AGAIN = timedelta(seconds=21)


@pytest.fixture
def service() -> Iterator[Receiver]:
    """A push service."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def phone(service: Receiver, monkeypatch: pytest.MonkeyPatch) -> PushingBrowser:
    """A browser at that service, which is the only private address that may be called."""
    monkeypatch.setattr(push, "_client", lambda: HttpClient(trusted=(service.url,), timeout=1))
    monkeypatch.setattr(push_subscriptions, "check", lambda _address: None)
    return PushingBrowser(f"{service.url}/send/secret-of-the-phone")


@pytest.fixture
def ann(app: Flask, phone: PushingBrowser) -> Agent:
    """Ann, whose page has gone a moment ago."""
    return asleep(make.agent("Ann"), phone)


def known() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(db.select(PushSubscription.id)))


def wake() -> None:
    """Do what a worker would: turn after turn, until nobody rings for another one."""
    queue = Queue(queues.PUSH, connection=bus.redis)
    queue.enqueue(push.drain, push.WAITING)
    while queue.count:
        queue.empty()
        push.drain(push.WAITING)


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw(part))
    return found


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_new_chat_reaches_the_browser_encrypted_and_leads_to_the_chat(
    app: Flask, ann: Agent, phone: PushingBrowser, service: Receiver
) -> None:
    case = make.chat("Where is my order?")
    work_off(app)
    (sent,) = service.received
    assert phone.read(sent.raw) == {
        "title": "New chat",
        "body": "Maria: Where is my order?",
        "tag": f"chat-{case.id}",
        "url": f"/chats/{case.id}",
    }
    assert b"Maria" not in sent.raw
    told = {name: sent.headers[name] for name in ("Content-Encoding", "TTL", "Topic", "Urgency")}
    expected = {"Content-Encoding": "aes128gcm", "TTL": "120", "Topic": f"chat-{case.id}", "Urgency": "high"}
    assert told == expected
    db.session.rollback()
    assert db.session.scalars(db.select(PushSubscription.reached_at)).one() is not None


def test_it_is_signed_with_the_key_that_browsers_know(app: Flask, ann: Agent, service: Receiver) -> None:
    make.chat()
    work_off(app)
    scheme, _, rest = service.received[0].headers["Authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    signed, _, signature = parts["t"].rpartition(".")
    point = raw(push_keys.keys().public)
    both = raw(signature)
    numbers = (int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    public.verify(utils.encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(SHA256()))
    assert (scheme, raw(parts["k"])) == ("vapid", point)
    claims = decoded(signed.partition(".")[2])
    assert claims["aud"] == service.url
    assert 0 < claims["exp"] - clock.now().timestamp() <= 24 * 3600


def test_it_speaks_the_agents_language_and_keeps_the_words_back_where_they_want_that(
    app: Flask, ann: Agent, phone: PushingBrowser, service: Receiver
) -> None:
    notifications.change(ann.id, Wishes(shows_words=False))
    with db.session.begin_nested():
        ann.language = "ru"
    db.session.commit()
    make.chat("Where is my order?")
    wake()
    note = phone.read(service.received[0].raw)
    assert (note["title"], note["body"]) == ("Новый чат", "")


def test_long_words_are_cut(app: Flask, ann: Agent, phone: PushingBrowser, service: Receiver) -> None:
    make.chat("long " * 100)
    wake()
    assert len(phone.read(service.received[0].raw)["body"]) <= 120


def test_one_chat_is_told_once_for_each_time_that_it_waits(app: Flask, ann: Agent, service: Receiver) -> None:
    case = make.chat("one")
    wake()
    chats.receive(case.channel, make.incoming("two"))
    push.look()
    wake()
    assert len(service.received) == 1


def test_once_somebody_has_taken_it_nothing_more_is_sent(app: Flask, ann: Agent, service: Receiver) -> None:
    service.replies.append(Reply(503))
    case = make.chat()
    wake()
    chats.take(case.id, make.agent("Bob"))
    with time_machine.travel(clock.now() + AGAIN):
        push.look()
        wake()
    assert len(service.received) == 1


def test_one_that_is_taken_between_two_browsers_is_not_told_to_the_second(
    app: Flask, ann: Agent, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep(ann, PushingBrowser(f"{service.url}/send/other"))
    case, bob = make.chat(), make.agent("Bob")
    noted = push_subscriptions.note_reached

    def take_then_note(subscription_id: int) -> None:
        chats.take(case.id, bob)
        noted(subscription_id)

    monkeypatch.setattr(push_subscriptions, "note_reached", take_then_note)
    wake()
    assert len(service.received) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_the_push_service_does_not_know_is_forgotten(
    app: Flask, ann: Agent, service: Receiver, status: int
) -> None:
    service.replies.append(Reply(status))
    make.chat()
    wake()
    assert known() == []


@pytest.mark.parametrize("reply", [Reply(429), Reply(500), Reply(503), Reply(hang=True)], ids=str)
def test_a_push_service_in_trouble_is_tried_again(app: Flask, ann: Agent, service: Receiver, reply: Reply) -> None:
    service.replies.append(reply)
    make.chat()
    wake()
    push.look()
    wake()
    assert len(service.received) == 1
    bus.redis.flushdb()  # as if the pause were over: Redis has a clock of its own
    push.look()
    wake()
    assert len(service.received) == 2
    assert len(known()) == 1


@pytest.mark.parametrize(("reply", "seconds"), [(Reply(503), 20), (Reply(429, headers={"Retry-After": "50"}), 50)])
def test_the_pause_before_is_short_or_what_the_service_wants(
    app: Flask, ann: Agent, service: Receiver, reply: Reply, seconds: int
) -> None:
    service.replies.append(reply)
    make.chat()
    wake()
    (claim,) = bus.redis.keys("deskbell:pushed:*")
    assert seconds - 5 < bus.redis.ttl(claim) <= seconds


def test_what_a_worker_left_when_it_died_is_sent_by_the_next_one(
    app: Flask, ann: Agent, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.chat()
    with monkeypatch.context() as dying:
        dying.setattr(push, "_send_call", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            wake()
    (claim,) = bus.redis.keys("deskbell:pushed:*")
    assert bus.redis.ttl(claim) <= push._AGAIN_AFTER_SECONDS + 10
    bus.redis.delete(claim)
    wake()
    assert len(service.received) == 1


@pytest.mark.parametrize("status", [400, 403, 413])
def test_what_the_push_service_refuses_for_good_is_not_tried_again(
    app: Flask, ann: Agent, service: Receiver, status: int
) -> None:
    service.replies.append(Reply(status))
    make.chat()
    wake()
    (claim,) = bus.redis.keys("deskbell:pushed:*")
    assert bus.redis.ttl(claim) > push._TTL_SECONDS


def test_an_address_that_has_come_to_lead_inside_is_not_called(
    app: Flask, ann: Agent, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_client", HttpClient)
    make.chat()
    wake()
    assert service.received == []


def test_who_signed_out_or_was_disabled_gets_nothing(app: Flask, ann: Agent, service: Receiver) -> None:
    bob = asleep(make.agent("Bob"), PushingBrowser(f"{service.url}/send/bob"))
    sign_ins.end_all(ann.id)
    with db.session.begin_nested():
        db.session.get_one(Agent, bob.id).active = False
    db.session.commit()
    make.chat()
    wake()
    assert service.received == []


def test_a_browser_that_switches_on_while_it_is_signed_out_gets_nothing(
    app: Flask, ann: Agent, phone: PushingBrowser, service: Receiver
) -> None:
    (sign_in,) = sign_ins.of_agent(ann.id)
    sign_ins.end_all(ann.id)
    push_subscriptions.subscribe(ann.id, sign_in.id, phone.address)
    make.chat()
    wake()
    assert service.received == []


def test_who_is_offline_because_the_connection_was_lost_is_told(app: Flask, ann: Agent, service: Receiver) -> None:
    set_away(ann)
    make.chat()
    wake()
    assert len(service.received) == 1


def test_who_chose_offline_is_not_told(app: Flask, ann: Agent, service: Receiver) -> None:
    statuses.choose(ann.id, statuses.built_in(StatusKind.OFFLINE).id)
    set_away(ann)
    make.chat()
    push.look()
    wake()
    assert service.received == []


def test_a_test_reaches_the_browser_that_asked(
    app: Flask, ann: Agent, phone: PushingBrowser, service: Receiver
) -> None:
    push_subscriptions.try_out(ann.id, phone.endpoint)
    work_off(app)
    note = phone.read(service.received[0].raw)
    assert (note["test"], note["url"]) == (True, "/profile/notifications")


def test_keys_that_make_no_sense_stop_nobody_else(
    app: Flask, ann: Agent, phone: PushingBrowser, service: Receiver
) -> None:
    with db.session.begin_nested():
        for subscription in push_subscriptions.of(ann.id):
            subscription.public_key = "BAAA"
    db.session.commit()
    asleep(ann, PushingBrowser(f"{service.url}/send/other"))
    make.chat()
    wake()
    assert [sent.path for sent in service.received] == ["/send/other"]


def test_the_address_of_a_browser_is_a_secret(
    app: Flask, ann: Agent, service: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    service.replies.append(Reply(500))
    make.chat()
    wake()
    assert "secret-of-the-phone" not in caplog.text
    stored = db.session.execute(db.text("SELECT sealed_endpoint, sealed_secret FROM push_subscription")).one()
    assert not any("secret-of-the-phone" in value for value in stored)


def test_a_chat_without_anybody_asleep_rings_for_nobody_afterwards(app: Flask) -> None:
    make.agent("Ann")
    make.chat()
    work_off(app)
    push.look()
    assert Queue(queues.PUSH, connection=bus.redis).count == 0


def test_what_encrypts_is_loaded_by_whoever_sends_and_by_nobody_else() -> None:
    check = "import app, sys; sys.exit(any(name in sys.modules for name in ('pywebpush', 'aiohttp', 'http_ece')))"
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True)
