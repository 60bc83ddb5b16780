"""The addresses through which visitors talk."""

from __future__ import annotations

import base64
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from extensions import db, files
from models import Case, Customer, Identity, Message
from realtime.bus import bus
from services import desk
from services.conversations import attachments, chats
from tests import factories
from tests.browsing import Browser
from tests.redis import RealRedis

TOKEN = "t" * 43
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def _path(what: str) -> str:
    return f"/widget/{desk.first_widget().key}/{what}"


def _bearer(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _send(client: FlaskClient, text: str = "Hello", *, token: str = TOKEN, **fields: object) -> TestResponse:
    body = {"client_id": "first", "text": text, "name": "Maria", **fields}
    return client.post(_path("messages"), json=body, headers=_bearer(token))


def _chat(client: FlaskClient, after: str = "", token: str = TOKEN) -> dict[str, object]:
    answer = client.get(_path("chat"), query_string={"after": after}, headers=_bearer(token))
    assert answer.status_code == 200
    return dict(answer.json)


def _count(model: type) -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def test_the_first_message_starts_a_chat(client: FlaskClient) -> None:
    answer = _send(client, "Where is my order?", email="maria@shop.example")

    assert answer.status_code == 200
    assert answer.json["state"] == "active"
    assert answer.json["message"]["text"] == "Where is my order?"
    assert answer.json["message"]["author"] == "customer"
    assert answer.json["message"]["client_id"] == "first"
    case = db.session.get_one(Case, answer.json["case"])
    assert (case.customer.name, case.customer.email) == ("Maria", "maria@shop.example")


def test_what_the_browser_tells_about_itself_is_kept_for_the_agent(client: FlaskClient) -> None:
    page = {"url": "https://shop.example/prices", "title": "Prices"}
    _send(client, page=page, language="de-DE", time_zone="Europe/Berlin")

    identity = db.session.scalars(select(Identity)).one()
    assert identity.details == {
        "Page": "Prices – https://shop.example/prices",
        "Language": "de-DE",
        "Time zone": "Europe/Berlin",
    }


def test_a_page_that_is_no_web_address_is_not_kept(client: FlaskClient) -> None:
    _send(client, page={"url": "javascript:alert(1)", "title": "x"})

    assert db.session.scalars(select(Identity)).one().details == {}


def test_the_token_itself_is_never_stored(client: FlaskClient) -> None:
    _send(client)

    identity = db.session.scalars(select(Identity)).one()
    assert TOKEN not in identity.external_id
    assert len(identity.external_id) == 64


@pytest.mark.row("R13")
def test_the_same_message_sent_five_times_counts_once(client: FlaskClient) -> None:
    answers = [_send(client).json for _ in range(5)]

    assert all(answer == answers[0] for answer in answers)
    assert _count(Message) == 1


def test_two_visitors_may_choose_the_same_message_id(client: FlaskClient) -> None:
    _send(client, token="a" * 43)
    _send(client, token="b" * 43)

    assert _count(Message) == 2


@pytest.mark.row("R14")
def test_ten_starts_at_once_are_one_chat(app: Flask) -> None:
    path, together = _path("messages"), threading.Barrier(10)

    def start(number: int) -> TestResponse:
        together.wait(10)
        body = {"client_id": f"start-{number}", "text": "Hello", "name": "Maria"}
        return app.test_client().post(path, json=body, headers=_bearer())

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(start, range(10)))

    assert [answer.status_code for answer in answers] == [200] * 10
    assert (_count(Case), _count(Customer), _count(Message)) == (1, 1, 10)
    assert len(_chat(app.test_client())["messages"]) == 10


@pytest.mark.row("R13")
def test_the_same_message_sent_ten_times_at_once_counts_once(app: Flask) -> None:
    path = _path("messages")

    def send(_number: int) -> int:
        body = {"client_id": "same", "text": "Hello", "name": "Maria"}
        return app.test_client().post(path, json=body, headers=_bearer()).json["message"]["id"]

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(send, range(10)))) == 1
    assert _count(Message) == 1


@pytest.mark.row("R15")
def test_a_visitor_who_comes_back_goes_on_in_the_same_chat(client: FlaskClient, app: Flask) -> None:
    first = _send(client).json
    again = _send(app.test_client(), client_id="second").json

    assert again["case"] == first["case"]


def test_an_unknown_visitor_sees_an_empty_chat_and_nothing_is_written(client: FlaskClient) -> None:
    news = _chat(client)

    assert news == {"state": "none", "case": None, "agent": "", "cursor": "", "messages": [], "offer": "form"}
    assert (_count(Identity), _count(Customer)) == (0, 0)


def test_one_visitor_never_sees_the_chat_of_another(client: FlaskClient) -> None:
    mine = _send(client, "my secret", token="a" * 43).json

    assert _chat(client, after=mine["cursor"], token="b" * 43)["messages"] == []


@pytest.mark.parametrize("authorization", ["", "Bearer short", "Bearer " + "ä" * 43, "Basic " + "t" * 43])
def test_without_a_well_formed_token_nothing_is_told(client: FlaskClient, authorization: str) -> None:
    answer = client.get(_path("chat"), headers={"Authorization": authorization.encode().decode("latin-1")})

    assert answer.status_code == 401
    assert "token" in answer.json["error"]


def test_a_cursor_brings_only_what_came_later(client: FlaskClient) -> None:
    first = _send(client).json
    agent = factories.agent("Ann")
    chats.reply(first["case"], agent, "Let me look.")

    news = _chat(client, after=first["cursor"])

    assert [said["text"] for said in news["messages"]] == ["Let me look."]
    assert news["messages"][0]["author"] == "agent"
    assert news["messages"][0]["name"] == news["agent"] == "Ann"
    assert news["messages"][0]["client_id"] is None
    assert _chat(client, after=news["cursor"])["messages"] == []


@pytest.mark.parametrize("cursor", ["", "nonsense", "999:1", "1:x", "-1:0", "9" * 40 + ":0"])
def test_a_cursor_that_fits_nothing_brings_the_whole_chat(client: FlaskClient, cursor: str) -> None:
    _send(client)

    assert [said["text"] for said in _chat(client, after=cursor)["messages"]] == ["Hello"]


@pytest.mark.row("R7")
@pytest.mark.parametrize(("status", "state"), [("open", "ended"), ("pending", "ended"), ("closed", "closed")])
def test_the_end_of_a_chat_is_part_of_the_catch_up(client: FlaskClient, status: str, state: str) -> None:
    first = _send(client).json
    chats.end(first["case"], factories.agent(), status)

    news = _chat(client, after=first["cursor"])

    assert (news["state"], news["messages"]) == (state, [])


@pytest.mark.row("R11")
def test_writing_after_the_end_continues_the_case(client: FlaskClient) -> None:
    first = _send(client).json
    chats.end(first["case"], factories.agent(), "pending")

    again = _send(client, "One more thing", client_id="second").json

    assert (again["case"], again["state"]) == (first["case"], "active")


@pytest.mark.row("R11")
def test_writing_after_closing_starts_a_new_case(client: FlaskClient) -> None:
    first = _send(client).json
    chats.end(first["case"], factories.agent(), "closed")

    again = _send(client, "Something else", client_id="second").json

    assert again["case"] != first["case"]
    assert [said["text"] for said in _chat(client, after=first["cursor"])["messages"]] == ["Something else"]


def test_the_chat_that_an_agent_has_taken_up_again_is_the_one_that_counts(client: FlaskClient) -> None:
    agent = factories.agent("Ann")
    older = _send(client).json
    chats.end(older["case"], agent, "closed")
    newer = _send(client, "Something else", client_id="second").json
    chats.end(newer["case"], agent, "pending")
    chats.reply(older["case"], agent, "About your first question")

    news = _chat(client)

    assert (news["case"], news["state"]) == (older["case"], "active")


def test_files_come_with_their_message(client: FlaskClient) -> None:
    form = {
        "client_id": "first",
        "name": "Maria",
        "files": [(io.BytesIO(PIXEL), "a b.png"), (io.BytesIO(b"%PDF-1.7 x"), "c.pdf")],
    }
    answer = client.post(_path("messages"), data=form, headers=_bearer())

    image, document = answer.json["message"]["files"]
    assert (image["name"], image["media_type"], image["image"], image["size"]) == (
        "a b.png",
        "image/png",
        True,
        len(PIXEL),
    )
    assert (document["name"], document["image"]) == ("c.pdf", False)
    with client.get(image["url"]) as shown:
        assert (shown.data, shown.headers["Cross-Origin-Resource-Policy"]) == (PIXEL, "cross-origin")


def test_a_form_tells_the_page_as_json_does(client: FlaskClient) -> None:
    form = {"client_id": "first", "text": "Hello", "page_url": "https://shop.example/", "page_title": "Shop"}
    client.post(_path("messages"), data=form, headers=_bearer(), content_type="multipart/form-data")

    assert db.session.scalars(select(Identity)).one().details == {"Page": "Shop – https://shop.example/"}


def test_files_that_are_sent_again_are_kept_once(client: FlaskClient) -> None:
    for _ in range(2):
        form = {"client_id": "first", "files": (io.BytesIO(PIXEL), "a.png")}
        assert client.post(_path("messages"), data=form, headers=_bearer()).status_code == 200

    root = files.path("xx").parent.parent
    assert len([path for path in root.rglob("*") if path.is_file()]) == 1


def test_a_file_that_is_too_large_is_refused_by_name(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LARGEST_FILE", 100)
    form = {"client_id": "first", "files": (io.BytesIO(b"x" * 101), "film.mov")}
    answer = client.post(_path("messages"), data=form, headers=_bearer())

    assert (answer.status_code, answer.json["field"]) == (422, "files")
    assert "film.mov" in answer.json["error"]
    assert _count(Message) == 0


def test_a_huge_body_of_json_is_refused(client: FlaskClient) -> None:
    answer = _send(client, "x" * 300_000)

    assert answer.status_code == 413
    assert "25 MB" in answer.json["error"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": "x" * 49}, "client_id"),
        ({"client_id": "a:b"}, "client_id"),
        ({"client_id": 7}, "client_id"),
        ({"text": " \n "}, "text"),
        ({"text": ["x"]}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"email": "no address"}, "email"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_field(
    client: FlaskClient, fields: dict[str, object], field: str
) -> None:
    answer = _send(client, **fields)

    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert answer.json["error"]
    assert _count(Message) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post(_path("messages"), data=body, content_type="application/json", headers=_bearer())

    assert (answer.status_code, answer.json["field"]) == (422, "client_id")


def test_typing_is_shown_to_agents_once_in_three_seconds_and_never_stored(
    client: FlaskClient, real_redis: RealRedis
) -> None:
    factories.agent("Ann")
    _send(client)
    with real_redis.client as redis, redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(bus.channel)
        listener.get_message(timeout=5)
        answers = [client.post(_path("typing"), headers=_bearer()).status_code for _ in range(3)]
        redis.publish(bus.channel, "[]\nend")
        heard = []
        while not heard or not heard[-1].endswith("\nend"):
            message = listener.get_message(timeout=5)
            assert message, "the last word was not heard"
            heard.append(message["data"].decode())

    assert answers == [204, 204, 204]
    assert len(heard) == 2
    assert json.loads(heard[0].partition("\n")[2])["typing"]["name"] == "Maria"


def test_typing_before_the_first_message_is_nobodys_business(client: FlaskClient) -> None:
    assert client.post(_path("typing"), headers=_bearer()).status_code == 204
    assert _count(Identity) == 0


@pytest.mark.slow
def test_more_than_two_messages_a_second_have_to_wait(client: FlaskClient) -> None:
    answers = [_send(client, client_id=f"message-{number}") for number in range(121)]

    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json["error"]
    assert _send(client, token="o" * 43).status_code == 200


@pytest.mark.row("R9")
def test_a_message_is_stored_while_redis_is_away(app: Flask, client: FlaskClient, real_redis: RealRedis) -> None:
    real_redis.kill()
    try:
        assert _send(client).status_code == 200
        assert client.post(_path("typing"), headers=_bearer()).status_code == 204
        assert [said["text"] for said in _chat(client)["messages"]] == ["Hello"]
    finally:
        real_redis.start()


def test_no_answer_sets_a_cookie_or_may_be_kept(client: FlaskClient) -> None:
    answers = [
        _send(client),
        client.get(_path("chat"), headers=_bearer()),
        client.post(_path("ticket"), headers=_bearer()),
        client.post(_path("typing"), headers=_bearer()),
        client.get(_path("chat")),
    ]
    fetched = [client.get("/widget.js"), client.get(_path("config"))]

    assert not [answer for answer in answers + fetched if "Set-Cookie" in answer.headers]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_a_widget_that_does_not_exist_says_so(client: FlaskClient) -> None:
    answer = client.get("/widget/nobody/config")

    assert (answer.status_code, answer.json) == (404, {"error": "There is no such widget."})


def test_json_without_a_bottom_is_refused_like_any_other_nonsense(client: FlaskClient) -> None:
    deep = "[" * 100_000
    answer = client.post(_path("messages"), data=deep, content_type="application/json", headers=_bearer())
    assert answer.status_code == 422


def test_lone_surrogates_neither_break_the_message_nor_the_agents_page(client: FlaskClient) -> None:
    answer = client.post(
        _path("messages"),
        data=b'{"client_id": "one", "text": "hi \\ud800", "name": "M\\ud800", "time_zone": "\\ud800"}',
        content_type="application/json",
        headers=_bearer(),
    )
    assert answer.status_code == 200
    browser = Browser(client).sign_in(factories.agent())
    assert browser.get(f"/chats/{answer.json['case']}").status_code == 200


def test_what_was_answered_in_the_last_case_is_not_lost_when_a_new_one_has_begun(client: FlaskClient) -> None:
    first = _send(client).json
    agent = factories.agent("Ann")
    chats.reply(first["case"], agent, "said while you slept")
    chats.end(first["case"], agent, "closed")
    _send(client, client_id="second")
    news = client.get(_path("chat") + f"?after={first['cursor']}", headers=_bearer()).json
    assert "said while you slept" in [message["text"] for message in news["messages"]]
