"""Whatever comes twice counts once; what only looks like it is kept."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from channels.base import Author
from extensions import db
from models import Case, Customer, InboxItem, Message
from realtime.bus import bus, unpack
from services import desk
from services.conversations import chats
from tests import factories as make
from tests.browsing import Browser
from tests.flows.conftest import Flow
from tests.serving import work_off
from tests.vendors.chatra import ChatraSimulator

PARALLEL = 5


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@contextmanager
def frames() -> Iterator[list[str]]:
    """What is published meanwhile; complete after the block."""
    heard: list[str] = []
    with bus.redis.pubsub() as listener:
        listener.subscribe(bus.channel)
        news = (message for message in listener.listen() if message["type"] == "message")
        bus.publish([], "begin")
        assert b"begin" in next(news)["data"]
        yield heard
        bus.publish([], "end")
        heard += itertools.takewhile(lambda said: said != "end", (unpack(message["data"])[1] for message in news))


def together(app: Flask, address: str, *, cookie: str = "", **request: object) -> list[TestResponse]:
    """Make the same request five times at once."""
    start = threading.Barrier(PARALLEL)

    def post(_number: int) -> TestResponse:
        client = app.test_client()
        if cookie:
            client.set_cookie("deskbell", cookie)
        start.wait(10)
        return client.post(address, **request)  # type: ignore[arg-type]

    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(post, range(PARALLEL)))


class TestOneSend:
    @pytest.mark.row("R13")
    def test_of_an_agent_posted_five_times_at_once_is_one_message_one_frame_and_one_call(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        visitor = chatra.visitor_says(None, "Hi").client_id
        flow.settle()
        (case,) = flow.chats()
        browser = Browser(flow.app.test_client()).sign_in(make.agent())
        headers = {"X-CSRFToken": browser.token("/profile"), "HX-Request": "true"}
        cookie = browser.client.get_cookie("deskbell")
        assert cookie is not None
        sent = {"text": "How can I help?", "client_id": "one"}
        with frames() as published:
            answers = together(flow.app, f"/chats/{case.id}/reply", cookie=cookie.value, data=sent, headers=headers)
        assert [answer.status_code for answer in answers] == [200] * PARALLEL
        assert sum("How can I help?" in frame and "message-text" in frame for frame in published) == 1
        flow.settle()
        assert flow.texts(case) == ["Hi", "How can I help?"]
        assert [message.text for message in chatra.messages(visitor) if message.type == "agent"] == ["How can I help?"]
        assert [call.method for call in chatra.requests if call.path == "/api/messages/"] == ["POST"]

    @pytest.mark.row("R13")
    def test_of_a_visitor_posted_five_times_at_once_is_one_message_and_one_frame_each(self, app: Flask) -> None:
        make.agent()
        body = {"client_id": "one", "text": "Where is my order?", "name": "Maria"}
        with frames() as published:
            answers = together(
                app,
                f"/widget/{desk.first_widget().key}/messages",
                json=body,
                headers={"Authorization": f"Bearer {'t' * 43}"},
            )
        assert len({answer.json["message"]["id"] for answer in answers}) == 1  # type: ignore[index]
        assert count(Message) == 1
        to_agents = [frame for frame in published if "message-text" in frame]
        to_visitor = [frame for frame in published if frame.startswith("{") and json.loads(frame)["messages"]]
        assert (len(to_agents), len(to_visitor)) == (1, 1)

    @pytest.mark.row("R16")
    @pytest.mark.slow
    def test_of_each_of_a_hundred_in_a_row_arrives_once_in_both_directions(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        words = [f"number {number}" for number in range(100)]
        visitor = None
        for text in words:
            visitor = chatra.visitor_says(visitor, text).client_id
        chatra.deliver_all(60)
        flow.settle()
        (case,) = flow.chats()
        assert flow.texts(case) == words
        assert count(InboxItem) >= 100
        ann = make.agent()
        for text in words:
            chats.reply(case.id, ann, f"answer to {text}")
        work_off(flow.app)
        calls = [call.body["text"] for call in chatra.requests if call.path == "/api/messages/"]
        assert calls == [f"answer to {text}" for text in words]


class TestOneVisitor:
    @pytest.mark.row("R15")
    @pytest.mark.slow
    def test_who_reloads_like_mad_and_sends_again_each_time_has_one_chat(self, app: Flask) -> None:
        widget = f"/widget/{desk.first_widget().key}"
        visitor = {"Authorization": f"Bearer {'t' * 43}"}

        def load(number: int) -> str | None:
            """A page is opened, asks for its chat, and sends what was not acknowledged before."""
            client = app.test_client()
            seen = client.get(f"{widget}/chat", headers=visitor).json
            body = {"client_id": f"send-{number % 3}", "text": f"words {number % 3}", "name": "Maria"}
            client.post(f"{widget}/messages", json=body, headers=visitor)
            client.post(f"{widget}/ticket", headers=visitor)
            return str(seen["case"]) if seen and seen["case"] else None

        with ThreadPoolExecutor(6) as pool:
            seen = set(pool.map(load, range(30)))
        assert (count(Case), count(Customer), count(Message)) == (1, 1, 3)
        assert len(seen - {None}) == 1


class TestTheSameIdWithOtherWords:
    @pytest.fixture
    def visitor(self, flow: Flow, chatra: ChatraSimulator) -> str:
        """A visitor whose first message has arrived, an hour ago by Chatra's clock."""
        chatra.store.advance(-timedelta(hours=1).total_seconds())
        visitor = chatra.visitor_says(None, "Where is my order?").client_id
        flow.settle()
        return visitor

    def reuse_the_id(self, chatra: ChatraSimulator, visitor: str, text: str) -> None:
        """Let Chatra send another message under the id of the first."""
        first = chatra.messages(visitor)[0]
        other = chatra.visitor_says(visitor, "placeholder")
        chatra.deliver_all()
        other.id, other.text = first.id, text

    @pytest.mark.row("R19")
    def test_is_kept_and_flagged_once_however_often_it_comes(
        self, flow: Flow, chatra: ChatraSimulator, visitor: str
    ) -> None:
        chatra.faults.drop = 1
        self.reuse_the_id(chatra, visitor, "Cancel it, please.")
        for _transcript in range(3):
            chatra.store.clients[visitor].spoken_at = 0
            chatra.advance(601)
            flow.settle()
        (case,) = flow.chats()
        assert flow.texts(case) == ["Where is my order?", "Cancel it, please."]
        assert [message.variant for message in flow.thread(case)] == [False, True]
        page = Browser(flow.app.test_client()).sign_in(make.agent()).get(f"/chats/{case.id}").text
        assert page.count("Came with the id of another message") == 1

    @pytest.mark.row("R19")
    def test_is_of_an_agent_in_chatra_an_edit_and_both_wordings_are_seen(
        self, flow: Flow, chatra: ChatraSimulator, visitor: str
    ) -> None:
        message = chatra.agent_says(visitor, "It left on Monday.")
        flow.settle()
        message.text = "It left on Tuesday."
        chatra.advance(601)
        flow.settle()
        (case,) = flow.chats()
        thread = flow.thread(case)
        assert [said.text for said in thread] == ["Where is my order?", "It left on Monday.", "It left on Tuesday."]
        assert [said.variant for said in thread] == [False, False, True]
        page = Browser(flow.app.test_client()).sign_in(make.agent()).get(f"/chats/{case.id}").text
        assert page.count("Another wording of an earlier message") == 1

    @pytest.mark.row("R19")
    def test_is_of_another_visitor_a_message_of_theirs(self, flow: Flow, chatra: ChatraSimulator, visitor: str) -> None:
        chatra.faults.drop = 1
        other = chatra.visitor_says(None, "Where is my order?")
        chatra.deliver_all()
        other.id = chatra.messages(visitor)[0].id
        chatra.advance(601)
        flow.settle()
        assert [flow.texts(case) for case in flow.chats()] == [["Where is my order?"]] * 2

    def test_our_own_answer_shown_back_in_other_words_is_never_doubled(
        self, flow: Flow, chatra: ChatraSimulator, visitor: str
    ) -> None:
        (case,) = flow.chats()
        chats.reply(case.id, make.agent(), "It's on its way")
        flow.settle()
        shown = chatra.messages(visitor)[-1]
        shown.text, shown.received_from = "It&#39;s on its way", ""
        chatra.advance(601)
        flow.settle()
        assert [message.author for message in flow.thread(case)] == [Author.CUSTOMER, Author.AGENT]
