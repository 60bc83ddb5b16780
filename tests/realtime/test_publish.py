"""Publishing: everyone concerned is told once, and what nobody could be told of is kept for the sweep."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from flask import Flask, template_rendered
from redis.client import PubSub
from sqlalchemy import select

from extensions import db
from jobs import sweeps
from models import Agent, Case, Event, Message
from realtime import fragments, publish, topics
from realtime.bus import bus, unpack
from services import clock
from services.conversations import chats
from services.exchange import channels
from tests import factories as make
from tests.redis import RealRedis


class Heard(NamedTuple):
    """One frame on the wire between publishers and hubs."""

    topics: list[str]
    payload: str


class Ear:
    """Listens as a hub does."""

    def __init__(self, pubsub: PubSub) -> None:
        self._pubsub = pubsub
        pubsub.subscribe(bus.channel)
        assert pubsub.get_message(timeout=10)

    def everything(self) -> list[Heard]:
        """What was published since the last look."""
        bus.publish([], "that was all")
        heard: list[Heard] = []
        while not heard or heard[-1].payload != "that was all":
            message = self._pubsub.get_message(timeout=10)
            assert message is not None
            heard.append(Heard(*unpack(message["data"])))
        return heard[:-1]


@contextmanager
def listening(real_redis: RealRedis) -> Iterator[Ear]:
    with real_redis.client as client, client.pubsub() as pubsub:
        yield Ear(pubsub)


@pytest.fixture
def ear(app: Flask, real_redis: RealRedis) -> Iterator[Ear]:
    with listening(real_redis) as ear:
        yield ear


@contextmanager
def redis_away(real_redis: RealRedis) -> Iterator[None]:
    real_redis.kill()
    try:
        yield
    finally:
        real_redis.start()


def unpublished(case: Case) -> list[str]:
    """The kinds of the case's events that nobody has been told of."""
    publish.note_told()
    db.session.rollback()
    query = select(Event.kind).where(Event.case_id == case.id, Event.published_at.is_(None))
    return list(db.session.scalars(query.order_by(Event.id)))


def to_customers(heard: list[Heard]) -> list[dict[str, Any]]:
    return [json.loads(frame.payload) for frame in heard if frame.topics[0].startswith("customer:")]


class TestWhoIsTold:
    def test_every_active_agent_and_the_customer(self, ear: Ear) -> None:
        ann, bob, left = (make.agent(name) for name in ("Ann", "Bob", "Left"))
        db.session.execute(db.update(Agent).where(Agent.id == left.id).values(active=False))
        db.session.commit()
        ear.everything()
        case = make.chat()
        at_customer, at_agents = ear.everything()
        assert at_agents.topics == [topics.agent(ann.id), topics.agent(bob.id)]
        assert at_customer.topics == [topics.customer(case.customer.public_id)]

    def test_one_unit_of_work_is_one_push_however_much_it_changed(self, ear: Ear) -> None:
        agent = make.agent()
        ear.everything()
        case = make.chat("Hello")
        chats.reply(case.id, agent, "Good morning")
        pushes = to_customers(ear.everything())
        assert [[message["text"] for message in push["messages"]] for push in pushes] == [["Hello"], ["Good morning"]]

    def test_a_vendors_customer_has_no_socket_of_ours(self, ear: Ear) -> None:
        make.agent()
        ear.everything()
        make.chat(channel=make.chatra())
        heard = ear.everything()
        assert len(heard) == 1
        assert to_customers(heard) == []

    def test_agents_of_one_language_share_one_rendering(self, app: Flask, ear: Ear) -> None:
        english = [make.agent("Ann", language="en"), make.agent("Bob")]
        russian = [make.agent("Olga", language="ru"), make.agent("Ivan", language="ru")]
        ear.everything()
        rendered: list[str | None] = []
        with template_rendered.connected_to(lambda _app, template, **_: rendered.append(template.name), app):
            make.chat()
        assert rendered == ["live/case.html"] * 2
        heard = [frame.topics for frame in ear.everything() if frame.topics[0].startswith("agent:")]
        assert sorted(heard) == sorted([topics.agent(agent.id) for agent in group] for group in (english, russian))


class TestAnIntegrationInTrouble:
    def test_is_told_to_the_open_pages_of_administrators_once_and_that_it_is_over(self, ear: Ear) -> None:
        boss, ann, channel = make.agent("Boss", admin=True), make.agent("Ann"), make.chatra()
        ear.everything()
        for _ in range(2):
            channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
        heard = ear.everything()
        told = [frame for frame in heard if "1 integration needs attention" in frame.payload]
        assert [frame.topics for frame in told] == [[topics.agent(boss.id)]]
        assert not [frame for frame in heard if topics.agent(ann.id) in frame.topics]
        channels.mark_working(channel.id)
        over = [frame.payload for frame in ear.everything() if "rail-settings" in frame.payload]
        assert len(over) == 1
        assert "needs attention" not in over[0]


class TestWhatIsNoted:
    def test_events_are_marked_once_everyone_was_told(self, app: Flask) -> None:
        assert unpublished(make.chat()) == []

    def test_without_redis_they_are_not(self, app: Flask, real_redis: RealRedis) -> None:
        with redis_away(real_redis):
            case = make.chat()
        assert unpublished(case) == ["chat_started", "message_added"]

    def test_what_cannot_be_rendered_is_stored_and_not_marked(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fragments, "of_case_in", broken)
        assert unpublished(make.chat("Hello")) == ["chat_started", "message_added"]

    def test_one_case_that_cannot_be_shown_does_not_keep_back_the_others(
        self, app: Flask, real_redis: RealRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with redis_away(real_redis):
            bad, good = make.chat(visitor="one"), make.chat(visitor="two")
        whole = fragments.of_case_in

        def render(
            languages: set[str], case: Case, messages: Sequence[Message], *, customer_changed: bool
        ) -> dict[str, str]:
            return (broken if case.id == bad.id else whole)(
                languages, case, messages, customer_changed=customer_changed
            )

        monkeypatch.setattr(fragments, "of_case_in", render)
        sweep_later()
        assert unpublished(bad) == ["chat_started", "message_added"]
        assert unpublished(good) == []


def broken(*_: object, **__: object) -> dict[str, str]:
    raise ZeroDivisionError("a template is broken")


def sweep_later(seconds: float = 3) -> None:
    """Run the sweep some time after now."""
    with time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=False):
        sweeps.publish_kept_back()


class TestTheSweep:
    @pytest.fixture
    def case(self, app: Flask, real_redis: RealRedis) -> Case:
        """A chat of which nobody has heard, because Redis was away when it began."""
        make.agent()
        with redis_away(real_redis):
            return make.chat("Is anybody there?")

    def test_publishes_what_was_kept_back(self, case: Case, ear: Ear) -> None:
        sweep_later()
        at_customer, at_agents, afterwards = ear.everything()
        assert f'id="chat-row-{case.id}"' in at_agents.payload
        assert json.loads(afterwards.payload) == {"resync": True}  # for who has lost sight of a case by it
        assert [message["text"] for message in json.loads(at_customer.payload)["messages"]] == ["Is anybody there?"]
        assert unpublished(case) == []

    def test_shows_it_once(self, case: Case, ear: Ear) -> None:
        sweep_later()
        assert ear.everything() != []
        sweep_later()
        assert ear.everything() == []

    def test_gathers_all_that_a_case_has_missed_in_one_push(self, case: Case, real_redis: RealRedis) -> None:
        with redis_away(real_redis):
            make.chat("Hello?")
        with listening(real_redis) as ear:
            sweep_later()
            (push,) = to_customers(ear.everything())
        assert [message["text"] for message in push["messages"]] == ["Is anybody there?", "Hello?"]

    def test_leaves_alone_what_was_committed_just_now(self, case: Case, ear: Ear) -> None:
        sweep_later(1)
        assert ear.everything() == []

    def test_gives_up_after_an_hour(self, case: Case, ear: Ear) -> None:
        sweep_later(60 * 60 + 1)
        assert ear.everything() == []

    def test_tries_again_while_redis_is_away(self, case: Case, real_redis: RealRedis) -> None:
        with redis_away(real_redis):
            sweep_later()
            assert len(unpublished(case)) == 2
        sweep_later()
        assert unpublished(case) == []
