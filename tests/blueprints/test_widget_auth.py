"""Tickets that open a visitor's socket."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.widget_auth import make_ticket, open_ticket
from extensions import db
from models import Identity
from realtime import topics
from services import desk
from services.conversations import chats
from tests import factories

BEARER = {"Authorization": "Bearer " + "t" * 43}


def _identity(app: Flask) -> Identity:
    chats.receive(factories.website(), factories.incoming())
    return db.session.scalars(select(Identity)).one()


def test_a_ticket_names_its_customer(app: Flask) -> None:
    identity = _identity(app)

    assert open_ticket(make_ticket(identity)) == [topics.customer(identity.customer.public_id)]


def test_a_ticket_is_good_for_half_a_minute(app: Flask) -> None:
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        ticket = make_ticket(_identity(app))
        clock.shift(timedelta(seconds=30))
        assert open_ticket(ticket)
        clock.shift(timedelta(seconds=1))
        assert open_ticket(ticket) == []


@pytest.mark.parametrize("ticket", ["", "x", "InZpc2l0b3Ii.abc.def"])
def test_a_forged_ticket_opens_nothing(app: Flask, ticket: str) -> None:
    assert open_ticket(ticket) == []


def test_a_ticket_comes_with_the_sockets_address(app: Flask, client: FlaskClient) -> None:
    path = f"/widget/{desk.first_widget().key}"
    client.post(f"{path}/messages", json={"client_id": "first", "text": "Hello"}, headers=BEARER)

    answer = client.post(f"{path}/ticket", headers=BEARER)

    public_url = app.config["DESKBELL"].public_url.replace("http", "ws")
    assert answer.json["url"] == f"{public_url}/widget/live?ticket={answer.json['ticket']}"
    assert open_ticket(answer.json["ticket"])


def test_a_token_of_the_wrong_shape_gets_no_ticket(client: FlaskClient) -> None:
    headers = {"Authorization": "Bearer short"}

    assert client.post(f"/widget/{desk.first_widget().key}/ticket", headers=headers).status_code == 401
