"""R7, R10, R11: how a chat stands is part of every catch-up, and words after its end are never lost in silence."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from models import Case, Status
from services.conversations import chats
from tests import factories as make
from tests.e2e.chatting import answer
from tests.e2e.conftest import People, say
from tests.e2e.reconnect import scene
from tests.e2e.reconnect.seeing import shows_what_the_desk_has, visitors_view, widget_shows_what_the_desk_has
from tests.network import WeakLink
from tests.processes.running import eventually

CATCH_UP = "**/widget/*/chat?*"


def newest_becomes(state: tuple[bool, str]) -> Case:
    """The case that was made last, once it is so (active or not, status)."""
    assert eventually(lambda: (scene.newest_case().active, scene.newest_case().status) == state, seconds=15)
    return scene.newest_case()


@pytest.mark.row("R7")
@pytest.mark.row("R11")
@pytest.mark.parametrize("status", [Status.PENDING, Status.CLOSED])
def test_a_widget_that_was_away_says_that_the_chat_has_ended(people: People, link: WeakLink, status: Status) -> None:
    agent = make.agent("Ann")
    visitor = people.page()
    visitor.goto(people.running.shop)
    case = scene.writes_first(visitor, "Maria", "Hello")
    chats.reply(case.id, agent, "Good bye")
    expect(visitor.get_by_text("Good bye")).to_be_visible()
    link.close()
    chats.end(case.id, agent, status)
    link.restore()
    assert eventually(lambda: visitors_view(visitor)["state"])
    widget_shows_what_the_desk_has(visitor)
    say(visitor, "One more thing")
    expect(visitor.get_by_role("log").get_by_text("Sent")).to_have_count(2)
    assert (newest_becomes((True, Status.OPEN)).id == case.id) is (status != Status.CLOSED)


@pytest.mark.row("R7")
def test_words_of_a_widget_that_never_caught_up_open_no_closed_case_and_leave_no_hole(
    people: People, link: WeakLink
) -> None:
    agent = make.agent("Ann")
    visitor = people.page()
    visitor.goto(people.running.shop)
    visitor.route(CATCH_UP, lambda route: route.abort())
    case = scene.writes_first(visitor, "Maria", "Hello")
    link.close()
    chats.reply(case.id, agent, "Good bye")
    chats.end(case.id, agent, Status.CLOSED)
    say(visitor, "Are you there?")
    link.restore()
    assert eventually(lambda: scene.newest_case().id != case.id, seconds=15)
    assert scene.stored_texts(scene.newest_case()) == ["Are you there?"]
    assert make.fresh(case).status == Status.CLOSED
    visitor.unroute(CATCH_UP)
    expect(visitor.get_by_text("Good bye")).to_be_visible()
    expect(visitor.get_by_role("log").get_by_text("Are you there?")).to_have_count(1)


@pytest.mark.row("R10")
def test_when_the_last_agent_leaves_the_words_are_kept_and_become_a_case(people: People) -> None:
    _, ann = people.agent("Ann")
    visitor = people.page()
    visitor.goto(people.running.shop)
    case = scene.writes_first(visitor, "Maria", "Hello")
    scene.open_chat(ann, case)
    answer(ann, "One moment")
    expect(visitor.get_by_text("One moment")).to_be_visible()
    ann.get_by_role("button", name="Your account: Ann").click()
    ann.get_by_role("button", name="Sign out").click()
    expect(ann.get_by_label("Password")).to_be_visible()
    ann.context.close()
    say(visitor, "Hello? Hello?")
    expect(visitor.get_by_role("log").get_by_text("Sent")).to_have_count(2)
    scene.times_out(case)
    newest_becomes((False, Status.OPEN))
    assert eventually(lambda: visitors_view(visitor)["state"])
    _, bob = people.agent("Bob")
    bob.goto(f"{people.running.url}/cases/{case.id}")
    assert scene.thread_texts(bob) == ["Hello", "One moment", "Hello? Hello?"]


@pytest.mark.row("R11")
def test_an_answer_to_a_chat_that_a_colleague_just_ended_makes_it_active_again(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    scene.open_chat(ann, desk.open)
    link.close()
    chats.end(desk.open.id, desk.colleague, Status.PENDING)
    answer(ann, "Here it is")
    link.restore()
    expect(ann.locator("#conversation .mark-sent")).to_have_count(1, timeout=20_000)
    assert make.fresh(desk.open).active
    assert make.fresh(desk.open).fixated_to_id == agent.id
    shows_what_the_desk_has(ann)


@pytest.mark.row("R11")
def test_an_answer_that_is_too_late_for_its_chat_comes_back_with_the_reason(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    scene.open_chat(ann, desk.open)
    link.close()
    chats.end(desk.open.id, desk.colleague, Status.CLOSED)
    scene.says(desk.open, "And now something else")
    answer(ann, "Here it is")
    link.restore()
    expect(ann.get_by_role("textbox", name="Reply")).to_have_value("Here it is", timeout=20_000)
    expect(ann.get_by_text("The customer is writing in a newer chat").first).to_be_visible()
    assert scene.stored_texts(desk.open) == ["Hello"]
    shows_what_the_desk_has(ann)
