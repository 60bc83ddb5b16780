"""How a chat ends and becomes a case, and how the case becomes a chat again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from models import Case
from services import clock
from services.uow import unit_of_work
from tests.e2e.chatting import answer, end_chat, newest_case, section
from tests.e2e.conftest import People, RunningDesk, say

Picture = Callable[[Page, str], None]


@pytest.mark.parametrize("status", ["Open", "Pending", "Closed"])
def test_ending_asks_for_a_status_and_the_case_joins_the_list(
    people: People, running: RunningDesk, status: str
) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", f"a question for {status}")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "an answer")
    expect(visitor.get_by_role("log").get_by_text("an answer")).to_be_visible()
    number = newest_case().id
    ann.goto(f"{running.url}/cases")
    expect(ann.locator(f'a[href="/cases/{number}"]')).to_have_count(0)
    ann.goto(f"{running.url}/chats/{number}")
    end_chat(ann, status)
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
    ann.goto(f"{running.url}/cases")
    expect(ann.get_by_role("main").locator(f'a[href="/cases/{number}"]').first).to_be_visible()
    assert newest_case().status == status.lower()


def test_a_customer_who_writes_again_reactivates_the_case_unless_it_was_closed(people: People) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
    first = newest_case().id
    for status, same in (("Pending", True), ("Closed", False)):
        section(ann, "new").get_by_text("Maria").click()
        ann.get_by_role("button", name="Take chat").click()
        end_chat(ann, status)
        expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
        say(visitor, f"after {status}")
        expect(section(ann, "new").get_by_text(f"after {status}")).to_be_visible()
        assert (newest_case().id == first) is same


def test_a_chat_that_is_active_again_leaves_an_open_list_of_cases(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    section(ann, "new").get_by_text("Maria").click()
    ann.get_by_role("button", name="Take chat").click()
    end_chat(ann, "Pending")
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
    ann.goto(f"{running.url}/cases")
    listed = ann.locator(f"#case-row-{newest_case().id}")
    expect(listed).to_be_visible()
    say(visitor, "one more thing")
    expect(listed).to_have_count(0)


def test_the_countdown_warns_and_postponing_gives_five_minutes(people: People, picture: Picture) -> None:
    _, ann = people.agent()
    people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    ann.get_by_role("button", name="Take chat").click()
    case = newest_case()
    with unit_of_work() as session:
        session.get_one(Case, case.id).ends_at = clock.now() + timedelta(seconds=90)
    ann.reload()
    expect(ann.locator(".countdown-text", has_text=re.compile(r"ends in 1:[0-2]\d"))).to_be_visible()
    picture(ann, "chat-countdown")
    with ann.expect_response("**/postpone"):
        ann.get_by_role("button", name="5 min").click()
    expect(ann.locator(".countdown-text", has_text=re.compile(r"ends in 1:[0-2]\d"))).to_be_hidden()
    assert newest_case().ends_at - clock.now() > timedelta(minutes=5)


def test_a_silent_chat_ends_by_itself_and_leaves_the_list(people: People) -> None:
    _, ann = people.agent()
    people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "hello")
    expect(section(ann, "mine").get_by_text("Maria")).to_be_visible()
    with unit_of_work() as session:
        session.get_one(Case, newest_case().id).ends_at = clock.now()
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0, timeout=15_000)
    assert newest_case().status == "pending"
