"""The webhook's edge: stored before it is acknowledged, and nothing else in the request."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.connecting import adapter_of
from extensions import db
from models import Case, Channel, InboxItem
from services.exchange import evidence, inbox, log, log_bodies
from tests import factories as make

MEBIBYTE = 1024 * 1024


@pytest.fixture
def address(client: FlaskClient) -> str:
    return f"/hooks/chatra/{make.chatra().sealed_hook_token}"


def body(**changed: object) -> dict[str, object]:
    message = {"id": "m1", "type": "client", "text": "Hi", "createdAt": 1767225600000}
    return {"eventName": "chatFragment", "client": {"id": "visitor"}, "messages": [message], **changed}


def stored() -> list[InboxItem]:
    return list(db.session.scalars(select(InboxItem)))


def test_a_delivery_is_stored_raw_and_nothing_is_made_of_it_yet(client: FlaskClient, address: str) -> None:
    raw = json.dumps(body()).encode()
    assert client.post(address, data=raw, content_type="application/json").status_code == 200
    (item,) = stored()
    assert (item.body, item.state) == (raw, inbox.PENDING)
    assert db.session.scalars(select(Case)).all() == []


def test_the_same_delivery_again_is_acknowledged_and_stored_once(client: FlaskClient, address: str) -> None:
    assert [client.post(address, json=body()).status_code for _ in range(3)] == [200] * 3
    assert len(stored()) == 1


def test_a_wrong_token_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.post("/hooks/chatra/wrong", json=body()).status_code == 404
    assert client.post(address.replace("chatra", "chaport"), json=body()).status_code == 404
    assert stored() == []


@pytest.mark.parametrize("raw", [b"", b"payload=1", b"[1]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_what_is_no_json_object_is_acknowledged_set_aside_and_seen(
    app: Flask, client: FlaskClient, address: str, raw: bytes
) -> None:
    assert client.post(address, data=raw, content_type="application/json").status_code == 200
    (item,) = stored()
    reason = "The delivery is no JSON object, or an empty one."
    assert (item.body, item.state, item.reason) == (raw, inbox.ASIDE, reason)
    channel = db.session.get_one(Channel, item.channel_id)
    assert channel.heard_at is not None
    (line,) = log.latest(channel, make.agent(admin=True))
    assert (line.state, line.reason) == (inbox.ASIDE, reason)
    assert log_bodies.of_delivery(channel, item.id) is not None
    (delivery,) = evidence.latest(channel, 10)
    assert (delivery.raw, delivery.body) == (raw, {})


def test_replayed_it_is_set_aside_again(app: Flask, client: FlaskClient, address: str) -> None:
    client.post(address, data=b"[1]")
    (item,) = stored()
    inbox.replay(item.channel_id, item.id)
    inbox.apply_next(item.stream, adapter_of(db.session.get_one(Channel, item.channel_id)))
    assert (item.state, item.reason) == (inbox.ASIDE, "The delivery is no JSON object, or an empty one.")


def test_more_than_a_mebibyte_is_too_large(client: FlaskClient, address: str) -> None:
    large = json.dumps(body(padding="x" * MEBIBYTE))
    assert client.post(address, data=large, content_type="application/json").status_code == 413
    assert stored() == []


def test_json_that_we_do_not_understand_is_stored_acknowledged_and_marked(client: FlaskClient, address: str) -> None:
    assert client.post(address, json={"eventName": "somethingNew"}).status_code == 200
    (item,) = stored()
    assert item.state == inbox.ASIDE
    assert item.reason


def test_the_content_type_does_not_matter(client: FlaskClient, address: str) -> None:
    assert client.post(address, data=json.dumps(body()), content_type="text/plain").status_code == 200


@pytest.mark.parametrize("cut", ["/hooks/", "/hooks/chatra", "/hooks/chatra/", "/hooks/chatra/a/b"])
def test_an_address_that_was_cut_off_is_not_found(client: FlaskClient, cut: str) -> None:
    assert client.post(cut, json=body()).status_code == 404


def test_only_post_is_taken(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 405


def test_the_channel_notes_that_it_was_heard_from(client: FlaskClient, address: str) -> None:
    client.post(address, json=body())
    db.session.rollback()
    assert db.session.scalars(select(Channel.heard_at).where(Channel.kind == "chatra")).one() is not None


def test_no_cookie_is_set(client: FlaskClient, address: str) -> None:
    assert "Set-Cookie" not in client.post(address, json=body()).headers
