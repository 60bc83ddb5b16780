"""Open widgets are told what they offer: at once after a commit, by the sweep after a lapse, again after a wipe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from channels.base import Author, CustomerData, IncomingMessage
from jobs import sweeps
from models import Access, Agent, StatusKind, WhenAway
from realtime import availability, topics
from realtime.bus import bus
from services import clock, desk
from services.attendance import statuses
from services.conversations import offline_form
from services.exchange import widgets
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.realtime.test_publish import Ear, listening
from tests.redis import RealRedis


@pytest.fixture
def ear(app: Flask, real_redis: RealRedis) -> Iterator[Ear]:
    with listening(real_redis) as ear:
        yield ear


def told(ear: Ear) -> list[str]:
    """What open panels were told since the last look."""
    widget = topics.widget(desk.first_widget().id)
    return [json.loads(heard.payload)["offer"] for heard in ear.everything() if heard.topics == [widget]]


def choose(agent: Agent, kind: StatusKind) -> None:
    statuses.choose(agent.id, statuses.built_in(kind).id)


@pytest.mark.row("R23")
def test_open_panels_are_told_when_the_last_agent_leaves_and_when_one_is_back(ear: Ear) -> None:
    agent = make.agent()
    assert told(ear)[-1] == "chat"
    choose(agent, StatusKind.WITHOUT_CHATS)
    assert told(ear) == ["form"]
    choose(agent, StatusKind.ONLINE)
    assert told(ear) == ["chat"]


@pytest.mark.row("R23")
def test_a_connection_that_lapses_is_noticed_by_the_sweep(ear: Ear) -> None:
    make.agent()
    told(ear)
    with time_machine.travel(clock.now() + statuses.GRACE + timedelta(seconds=1)):
        sweeps.end_statuses()
        assert told(ear)[-1] == "form"


def test_a_lapse_that_ends_before_the_sweep_has_seen_it_is_told_all_the_same(ear: Ear) -> None:
    """A page that was opened meanwhile has been shown the form."""
    agent = make.agent()
    told(ear)
    with unit_of_work() as session:
        session.get_one(Agent, agent.id).connected_until = None
    assert told(ear) == []
    statuses.note_connected([agent.id])
    assert told(ear) == ["chat"]


def test_the_last_agent_who_is_disabled_is_not_there_any_more(ear: Ear) -> None:
    agent, boss = make.agent(), make.agent("Boss", admin=True)
    choose(boss, StatusKind.WITHOUT_CHATS)
    told(ear)
    with unit_of_work() as session:
        leaving = session.get_one(Agent, agent.id)
        leaving.active = False
        statuses.leave(leaving)
    assert told(ear) == ["form"]


def test_a_group_that_takes_over_is_followed(ear: Ear) -> None:
    """Nobody of the group in which the chats now begin is there."""
    agent, sales = make.agent(), groups.named("Sales")
    access_levels.give(agent.id, Level(Access.GROUPS, {make.website().group_id: []}))
    assert told(ear)[-1] == "chat"
    access_levels.give(agent.id, Level(Access.GROUPS, {sales.id: []}))
    assert told(ear) == ["form"]
    groups.close(make.website().group_id, sales.id)
    sweeps.end_statuses()
    assert told(ear)[-1] == "chat"


def test_sweeps_tell_only_what_is_news(ear: Ear) -> None:
    make.agent()
    told(ear)
    sweeps.end_statuses()
    sweeps.end_statuses()
    assert told(ear) == []


@pytest.mark.row("R21")
def test_a_wiped_redis_costs_a_repeat(ear: Ear, real_redis: RealRedis) -> None:
    make.agent()
    told(ear)
    with real_redis.client as redis:
        redis.flushall()
    sweeps.end_statuses()
    assert told(ear) == ["chat"]


def test_what_was_told_is_said_again_after_a_minute(ear: Ear) -> None:
    make.agent()
    key = f"deskbell:last:{topics.widget(desk.first_widget().id)}"
    assert 0 < int(bus.redis.ttl(key)) <= 60
    told(ear)
    bus.redis.delete(key)
    availability.tell()
    assert told(ear) == ["chat"]


def test_another_setting_is_told(ear: Ear) -> None:
    availability.tell()
    told(ear)
    widgets.change(desk.first_widget().id, title="", colour="#0f766e", sites="", when_away=WhenAway.HIDE)
    availability.tell()
    assert told(ear) == ["none"]


def test_what_another_process_tells_at_the_same_moment_does_not_win_when_it_is_older(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one looked before our commit and speaks after us."""
    agent = make.agent()
    told(ear)
    topic, publish = topics.widget(desk.first_widget().id), bus.publish_change
    late = iter([json.dumps({"offer": "chat"})])

    def publish_and_be_overtaken(*args: str, **options: bool) -> bool:
        sent = publish(*args, **options)
        for payload in late:
            publish(topic, payload, even_if_told=True)
        return sent

    monkeypatch.setattr(bus, "publish_change", publish_and_be_overtaken)
    choose(agent, StatusKind.WITHOUT_CHATS)
    assert told(ear) == ["form", "chat", "form"]


def test_a_visitors_message_asks_nobody_who_is_there(ear: Ear) -> None:
    make.agent()
    told(ear)
    make.chat()
    assert told(ear) == []


def test_a_message_from_the_form_is_shown_to_agents(ear: Ear) -> None:
    ann = make.agent("Ann")
    ear.everything()
    said = IncomingMessage("visitor", CustomerData("visitor", name="Maria"), "", Author.CUSTOMER, "Is the lamp there?")
    offline_form.take_in(make.website(), said, client_key="first")
    heard = [frame for frame in ear.everything() if topics.agent(ann.id) in frame.topics]
    assert len(heard) == 1
    assert "Is the lamp there?" in heard[0].payload


def test_nothing_is_lost_while_redis_is_away(app: Flask, real_redis: RealRedis) -> None:
    agent = make.agent()
    real_redis.kill()
    try:
        choose(agent, StatusKind.WITHOUT_CHATS)
        assert widgets.offer(desk.first_widget()) == "form"
    finally:
        real_redis.start()
