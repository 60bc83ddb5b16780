"""R6: a link on which words get through one way only is noticed by the missing heartbeat, replaced and caught up."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from services.conversations import chats
from tests import factories as make
from tests.e2e.conftest import People, say
from tests.e2e.reconnect import scene
from tests.e2e.reconnect.seeing import shows_what_the_desk_has, widget_shows_what_the_desk_has
from tests.network import Way, WeakLink
from tests.processes.running import eventually

NOTICED_WITHIN = "00:29"


@pytest.mark.row("R6")
def test_an_agents_page_replaces_a_link_on_which_it_hears_nothing(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    ann.clock.install()
    scene.reload_and_join(ann)
    scene.open_chat(ann, desk.open)
    link.swallow(Way.DOWN)
    upgrades = link.upgrades
    desk.goes_on("into the void")
    assert scene.thread_texts(ann) == ["Hello"]
    ann.clock.fast_forward(NOTICED_WITHIN)
    scene.hears(ann, "into the void")
    assert link.upgrades == upgrades + 1
    shows_what_the_desk_has(ann)


@pytest.mark.row("R6")
def test_a_widget_replaces_a_link_on_which_it_hears_nothing_although_it_can_send(
    people: People, link: WeakLink
) -> None:
    agent = make.agent("Ann")
    visitor = people.page()
    visitor.clock.install()
    visitor.goto(people.running.shop)
    case = scene.writes_first(visitor, "Maria", "Hello")
    assert eventually(lambda: link.sockets == 1)
    link.swallow(Way.DOWN)
    upgrades = link.upgrades
    chats.reply(case.id, agent, "Can you read me?")
    say(visitor, "Is anybody there?")
    assert eventually(lambda: scene.stored_texts(case)[-1] == "Is anybody there?")
    visitor.clock.fast_forward(NOTICED_WITHIN)
    expect(visitor.get_by_role("log").get_by_text("Can you read me?")).to_be_visible()
    assert eventually(lambda: link.upgrades == upgrades + 1)
    widget_shows_what_the_desk_has(visitor)
