"""Who may see a chat no more loses it from the open page at once, with a sentence (product.md §4.2)."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from models import Access, Agent, Case, EventKind
from services.conversations import chats
from services.events import SYSTEM
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import lock_case, record, unit_of_work
from tests import factories as make
from tests.e2e.conftest import People
from tests.e2e.reconnect import scene


def opened(people: People, agent: Agent, case: Case) -> Page:
    """The agent's page with this chat open, its link standing."""
    people.expected.append("404")
    page = people.signed_in(agent)
    with page.expect_response("**/chats/rows"):
        page.goto(f"{people.running.url}/chats/{case.id}")
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()
    return page


def move(case: Case, group_id: int) -> None:
    with unit_of_work():
        moved = lock_case(case.id)
        moved.group_id = group_id
        record(moved, EventKind.GROUP_CHANGED, SYSTEM, group=group_id)


def is_gone(page: Page, case: Case) -> None:
    expect(page.get_by_role("alert")).to_contain_text("This conversation is not open to you any more")
    expect(page.locator(f"#chat-row-{case.id}")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Reply")).to_have_count(0)
    expect(page).to_have_url(re.compile("/chats$"))


def an_agent_of(*names: str) -> Agent:
    agent = make.agent("Bob")
    access_levels.give(agent.id, Level(Access.GROUPS, {groups.named(name).id: [] for name in names}))
    return agent


def test_a_chat_that_moves_to_a_group_of_others_leaves_the_page(people: People) -> None:
    case = make.chat("Hello", visitor=scene.newcomer())
    bob = opened(people, an_agent_of("Support"), case)
    ann = opened(people, make.agent("Ann"), case)
    move(case, groups.named("Sales").id)
    is_gone(bob, case)
    chats.receive(case.channel, make.incoming("a secret", visitor=case.conversation))
    scene.hears(ann, "a secret")
    expect(bob.get_by_text("a secret")).to_have_count(0)


def test_an_agent_who_loses_the_channel_loses_the_chat_that_is_open(people: People) -> None:
    case = make.chat("Hello", visitor=scene.newcomer())
    agent = an_agent_of("Support")
    bob = opened(people, agent, case)
    access_levels.give(agent.id, Level(Access.GROUPS, {groups.named("Support").id: ["live_chat"]}))
    is_gone(bob, case)


def test_a_chat_of_a_limited_agent_that_a_colleague_takes_over_leaves_them(people: People) -> None:
    case = make.chat("Hello", visitor=scene.newcomer())
    agent, ann = make.agent("Bob"), make.agent("Ann")
    with unit_of_work():
        lock_case(case.id).assignee_id = ann.id
    chats.take(case.id, agent)
    access_levels.give(agent.id, Level(Access.LIMITED))
    bob = opened(people, agent, case)
    bob.get_by_role("textbox", name="Reply").fill("half a sentence")
    chats.take(case.id, ann, instead_of=agent.id)
    is_gone(bob, case)
