"""What the widget offers at the moment, the offline form, and the address that somebody who waits may leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from blueprints.widget_auth import open_ticket
from extensions import db
from models import Access, Case, Customer, Event, Message, StatusKind, WhenAway
from realtime import topics
from services import clock, desk
from services.attendance import statuses
from services.conversations import cases, chats
from services.exchange import channels, widgets
from services.team import access_levels, groups
from services.team.access_levels import Level
from tests import factories
from tests.browsing import Browser

BEARER = {"Authorization": "Bearer " + "t" * 43}
# product.md §6.3: pages that show the button alone know of a change within this time.
KNOWN_AFTER_SECONDS = 30


def _path(what: str) -> str:
    return f"/widget/{desk.first_widget().key}/{what}"


def _offer(client: FlaskClient) -> str:
    answer = client.get(_path("state"))
    assert answer.status_code == 200
    return str(answer.json["offer"])


def _set(when_away: WhenAway) -> None:
    widgets.change(desk.first_widget().id, title="", colour="#0f766e", sites="", when_away=when_away)


def _leave(client: FlaskClient, text: str = "Is the lamp there?", **fields: object) -> TestResponse:
    body = {"client_id": "first", "text": text, "name": "Maria", "email": "maria@shop.example", **fields}
    return client.post(_path("form"), json=body, headers=BEARER)


def _send(client: FlaskClient, client_id: str = "chat") -> TestResponse:
    body = {"client_id": client_id, "text": "Hello", "name": "Maria"}
    return client.post(_path("messages"), json=body, headers=BEARER)


def _count(model: type) -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.fixture
def later() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def test_a_new_widget_offers_the_form_while_nobody_is_there(client: FlaskClient) -> None:
    assert desk.first_widget().when_away == WhenAway.FORM
    assert _offer(client) == "form"


def test_somebody_is_there_while_an_agent_is_online_and_connected(
    client: FlaskClient, later: time_machine.Traveller
) -> None:
    agent = factories.agent()
    assert _offer(client) == "chat"
    statuses.choose(agent.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
    assert _offer(client) == "form"
    statuses.choose(agent.id, statuses.built_in(StatusKind.ONLINE).id)
    assert _offer(client) == "chat"
    later.shift(statuses.GRACE + timedelta(seconds=1))
    assert _offer(client) == "form"


@pytest.mark.parametrize(("when_away", "offer"), [("form", "form"), ("hide", "none"), ("always", "chat")])
def test_the_setting_says_what_is_offered_while_nobody_is_there(
    client: FlaskClient, when_away: str, offer: str
) -> None:
    _set(WhenAway(when_away))
    assert _offer(client) == offer
    factories.agent()
    assert _offer(client) == "chat"


def test_an_agent_without_access_to_the_channels_group_is_nobody(client: FlaskClient) -> None:
    sales = factories.agent("Sal")
    access_levels.give(sales.id, Level(Access.GROUPS, {groups.named("Sales").id: []}))
    assert _offer(client) == "form"


def test_the_offer_is_tiny_and_asked_for_again_only_where_it_is_old(client: FlaskClient) -> None:
    answer = client.get(_path("state"))
    again = client.get(_path("state"), headers={"If-None-Match": answer.headers["ETag"]})

    assert len(answer.data) < 30
    assert answer.headers["Cache-Control"] == "public, max-age=10"
    assert (again.status_code, again.data) == (304, b"")
    factories.agent()
    assert client.get(_path("state"), headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_pages_know_of_a_change_within_half_a_minute(client: FlaskClient) -> None:
    config = client.get(_path("config"))
    kept = int(config.headers["Cache-Control"].rpartition("=")[2])

    assert config.json["offer"] == "form"
    assert config.json["poll"] * 1.2 + kept < KNOWN_AFTER_SECONDS


def test_pages_of_a_widget_that_always_offers_the_chat_never_ask(client: FlaskClient) -> None:
    _set(WhenAway.ALWAYS)

    assert client.get(_path("config")).json["poll"] == 0


def test_every_catch_up_tells_what_is_offered(client: FlaskClient) -> None:
    assert client.get(_path("chat"), headers=BEARER).json["offer"] == "form"
    _send(client)
    factories.agent()
    assert client.get(_path("chat"), headers=BEARER).json["offer"] == "chat"


def test_who_has_not_written_hears_the_offer_alone(client: FlaskClient) -> None:
    widget = topics.widget(desk.first_widget().id)
    for headers in ({}, BEARER):
        answer = client.post(_path("ticket"), headers=headers)
        assert (answer.json["known"], open_ticket(answer.json["ticket"])) == (False, [widget])


def test_who_has_written_hears_both(client: FlaskClient) -> None:
    _send(client)
    answer = client.post(_path("ticket"), headers=BEARER)

    customer = db.session.scalars(select(Customer)).one()
    heard = [topics.customer(customer.public_id), topics.widget(desk.first_widget().id)]
    assert (answer.json["known"], open_ticket(answer.json["ticket"])) == (True, heard)


def test_the_form_becomes_an_open_case_and_no_chat(client: FlaskClient) -> None:
    answer = _leave(client)

    assert (answer.status_code, answer.json["state"]) == (200, "left")
    case = db.session.get_one(Case, answer.json["case"])
    assert (case.active, case.status, case.subject, case.unread) == (False, "open", "Is the lamp there?", 0)
    assert (case.customer.name, case.customer.email) == ("Maria", "maria@shop.example")
    assert case.group_id == case.channel.group_id
    kinds = db.session.scalars(select(Event.kind).where(Event.case_id == case.id).order_by(Event.id))
    assert list(kinds) == ["case_made", "message_added"]


def test_the_case_of_the_form_stands_among_all_cases_with_its_words(client: FlaskClient, app: Flask) -> None:
    case_id = _leave(client).json["case"]
    ann = factories.agent("Ann")

    assert [row.id for row in cases.ended(ann).rows] == [case_id]
    page = Browser(app.test_client()).sign_in(ann).get(f"/cases/{case_id}").text
    assert "Is the lamp there?" in page
    assert "maria@shop.example" in page


@pytest.mark.row("R13")
def test_the_form_sent_five_times_is_one_case(client: FlaskClient) -> None:
    answers = [_leave(client).json for _ in range(5)]

    assert all(answer == answers[0] for answer in answers)
    assert (_count(Case), _count(Message)) == (1, 1)


def test_a_second_form_goes_on_in_the_case_that_is_not_closed(client: FlaskClient) -> None:
    first = _leave(client).json
    again = _leave(client, "Or the other one?", client_id="second").json

    assert again["case"] == first["case"]
    assert [said["text"] for said in client.get(_path("chat"), headers=BEARER).json["messages"]] == [
        "Is the lamp there?",
        "Or the other one?",
    ]


def test_after_a_closed_case_the_form_begins_a_new_one(client: FlaskClient) -> None:
    first = _send(client).json
    chats.end(first["case"], factories.agent(), "closed")

    assert _leave(client).json["case"] != first["case"]


def test_the_form_of_an_ended_chat_has_its_case_wait_again(client: FlaskClient) -> None:
    first = _send(client).json
    chats.end(first["case"], factories.agent(), "pending")
    answer = _leave(client).json

    case = factories.fresh(db.session.get_one(Case, answer["case"]))
    assert (case.id, case.active, case.status, case.last_words) == (first["case"], False, "open", "Is the lamp there?")


def test_the_form_in_a_chat_under_way_is_a_message_of_it(client: FlaskClient) -> None:
    first = _send(client).json
    answer = _leave(client).json

    assert (answer["case"], answer["state"]) == (first["case"], "active")


def test_whoever_chats_after_the_form_goes_on_in_its_case(client: FlaskClient) -> None:
    left = _leave(client).json
    answer = _send(client).json

    assert (answer["case"], answer["state"]) == (left["case"], "active")


def test_an_answer_to_the_form_makes_it_a_chat(client: FlaskClient) -> None:
    left = _leave(client).json
    chats.reply(left["case"], factories.agent("Ann"), "It is.")

    news = client.get(_path("chat"), headers=BEARER).json
    assert (news["state"], news["agent"]) == ("active", "Ann")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": ""}, "email"),
        ({"email": "maria"}, "email"),
        ({"email": "m" * 300 + "@x.example"}, "email"),
        ({"text": " "}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"client_id": ""}, "client_id"),
    ],
)
def test_a_form_that_cannot_be_answered_is_refused_with_the_field(
    client: FlaskClient, fields: dict[str, object], field: str
) -> None:
    answer = _leave(client, **fields)

    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert (_count(Case), _count(Customer)) == (0, 0)


def test_the_form_needs_a_token(client: FlaskClient) -> None:
    assert client.post(_path("form"), json={"client_id": "first"}).status_code == 401


@pytest.mark.slow
def test_more_than_two_forms_a_second_have_to_wait(client: FlaskClient) -> None:
    answers = [_leave(client, client_id=f"form-{number}").status_code for number in range(121)]

    assert answers == [200] * 120 + [429]


def test_who_waits_may_leave_an_address(client: FlaskClient) -> None:
    _send(client)
    answer = client.post(_path("contact"), json={"email": "maria@shop.example"}, headers=BEARER)

    assert answer.status_code == 204
    customer = db.session.scalars(select(Customer)).one()
    assert (customer.name, customer.email) == ("Maria", "maria@shop.example")


@pytest.mark.parametrize("email", ["", "maria", None])
def test_what_is_no_address_is_refused(client: FlaskClient, email: str | None) -> None:
    _send(client)
    answer = client.post(_path("contact"), json={"email": email}, headers=BEARER)

    assert (answer.status_code, answer.json["field"]) == (422, "email")


def test_who_never_wrote_leaves_no_address(client: FlaskClient) -> None:
    answer = client.post(_path("contact"), json={"email": "maria@shop.example"}, headers=BEARER)

    assert answer.status_code == 404
    assert _count(Customer) == 0


def test_an_administrator_chooses_what_the_widget_does(admin: Browser) -> None:
    fields = {"title": "", "colour": "#0f766e", "allowed_sites": ""}

    assert admin.submit("/settings/widget", when_away="hide", **fields).status_code == 303
    assert desk.first_widget().when_away == WhenAway.HIDE
    assert '<option selected value="hide">' in admin.get("/settings/widget").text
    assert admin.submit("/settings/widget", when_away="sometimes", **fields).status_code == 422


def test_a_widget_of_another_group_is_not_offered_by_this_one(client: FlaskClient) -> None:
    second = channels.make_widget(name="Second", channel=factories.website())

    assert client.get(f"/widget/{second.key}/state").json == {"offer": "form"}
