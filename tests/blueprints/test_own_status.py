"""One's own status: chosen from the menu, asked for while offline; without one nothing is shown and nothing works."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from extensions import db
from models import Agent, StatusKind
from services import clock
from services.attendance import custom_statuses, statuses
from services.attendance.custom_statuses import Custom
from services.conversations import chats
from tests import factories as make
from tests.browsing import Browser

QUESTION = "How do you go on?"


@pytest.fixture
def bob(app: Flask) -> Agent:
    return make.agent("Bob")


def kind_of(agent: Agent) -> str:
    db.session.refresh(agent)
    return statuses.of(agent).kind


def number(kind: StatusKind) -> int:
    return statuses.built_in(kind).id


def chosen(page: str) -> str:
    """What the menu of a page marks as the present status."""
    found = re.search(r'aria-current="true"><span class="dot"[^>]*></span>([^<]+)<', page)
    assert found is not None
    return found[1]


def test_each_agent_has_a_menu_of_their_own(browser: Browser, ann: Agent, app: Flask, bob: Agent) -> None:
    bobs = Browser(app.test_client()).sign_in(bob)
    answer = browser.act("/status", status=number(StatusKind.WITHOUT_CHATS))
    assert chosen(answer.text) == "Without chats"
    assert (chosen(browser.get("/cases").text), chosen(bobs.get("/cases").text)) == ("Without chats", "Online")
    bobs.act("/status", status=number(StatusKind.OFFLINE))
    assert (kind_of(ann), kind_of(bob)) == (StatusKind.WITHOUT_CHATS, StatusKind.OFFLINE)


@pytest.mark.parametrize("status", ["", "0", "-1", "4711", "online", "9" * 25, "٣"])
def test_what_is_no_status_is_refused_in_a_sentence(browser: Browser, ann: Agent, status: str) -> None:
    answer = browser.act("/status", status=status)
    assert (answer.status_code, "Choose one of the statuses." in answer.text) == (422, True)
    assert kind_of(ann) == StatusKind.ONLINE


def lapse(agent: Agent) -> None:
    """Their connection has been gone for too long, and their status does not come back by itself."""
    training = custom_statuses.create(Custom("Training", cases="handle", chats="handle", returns=False))
    statuses.choose(agent.id, training.id)
    with time_machine.travel(clock.now() + statuses.GRACE + timedelta(seconds=1), tick=False):
        statuses.end_lapsed()


def test_a_deep_link_after_a_lapse_leads_to_the_question_and_shows_nothing_else(browser: Browser, ann: Agent) -> None:
    case = make.chat("whisper")
    assert "whisper" in browser.get(f"/chats/{case.id}").text
    lapse(ann)
    for address in (f"/chats/{case.id}", f"/cases/{case.id}", "/chats", "/cases"):
        page = browser.get(address).text
        assert (QUESTION in page, "whisper" in page, "Maria" in page) == (True, False, False), address


def test_what_is_sent_after_a_lapse_is_refused_and_changes_nothing(browser: Browser, ann: Agent) -> None:
    case = make.chat("whisper")
    chats.take(case.id, ann)
    lapse(ann)
    rev = make.fresh(case).rev
    for action in ("take", "reply", "note", "end", "postpone", "read"):
        answer = browser.act(f"/chats/{case.id}/{action}", text="Hello", status="closed")
        assert (answer.status_code, "whisper" in answer.text) == (404, False), action
    assert make.fresh(case).rev == rev


def test_a_lapse_that_is_over_with_the_next_request_is_none(browser: Browser, ann: Agent) -> None:
    case = make.chat("whisper")
    with time_machine.travel(clock.now() + statuses.GRACE + timedelta(seconds=1), tick=False):
        statuses.end_lapsed()
    assert kind_of(ann) == StatusKind.OFFLINE
    page = browser.get(f"/chats/{case.id}").text
    assert (QUESTION in page, "whisper" in page) == (False, True)
    assert kind_of(ann) == StatusKind.ONLINE


def offered(page: str, name: str) -> list[str]:
    """The buttons that set a status of this name: in the menu and, for who is offline, in the question."""
    return [button for button in re.findall(r"<button[^>]*>.*?</button>", page) if name in button]


@pytest.mark.parametrize("present", [StatusKind.ONLINE, StatusKind.OFFLINE])
def test_a_status_whose_time_is_used_up_is_shown_but_cannot_be_pressed(
    browser: Browser, ann: Agent, present: StatusKind
) -> None:
    pause = custom_statuses.create(Custom("Lunch", cases="view", chats="none", daily_minutes=1))
    with time_machine.travel(clock.now().replace(hour=12), tick=False) as traveller:
        statuses.choose(ann.id, pause.id)
        traveller.shift(timedelta(minutes=1))
        answer = browser.act("/status", status=number(present))
        for page in (answer.text, browser.get("/profile").text):
            buttons = offered(page, "Lunch")
            assert len(buttons) == (1 if present == StatusKind.ONLINE else 2)
            assert all("disabled" in button and "used up for today" in button for button in buttons)
            assert not any("disabled" in button for button in offered(page, "Without chats"))
        traveller.shift(timedelta(days=1))
        assert not any("disabled" in button for button in offered(browser.get("/profile").text, "Lunch"))
