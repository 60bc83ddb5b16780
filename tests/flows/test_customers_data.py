"""From Chatra to the panel: whoever opens a chat has its customer asked about, if that was long ago."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from extensions import db
from models import Case, Channel, Identity
from services import clock
from services.uow import unit_of_work
from tests import factories as make
from tests.browsing import Browser
from tests.flows.conftest import Flow
from tests.vendors.chatra import ChatraSimulator

RANDOM_KEY = "XkDsxHtLppJTJ3vZa"


@pytest.fixture
def browser(app: Flask, flow: Flow) -> Browser:
    """An agent's browser."""
    return Browser(app.test_client()).sign_in(make.agent("Ann"))


@pytest.fixture
def case(flow: Flow, chatra: ChatraSimulator) -> Case:
    """A chat whose customer was asked about long ago and has changed since."""
    chatra.visitor_says("maria", "Hello", name="Maria", Plan="Gold")
    flow.settle()
    (case,) = flow.chats()
    age(case, timedelta(minutes=11))
    chatra.store.visitor("maria").integration.clear()
    chatra.store.visitor("maria").basic |= {"name": "Maria", "Tier": "Silver", RANDOM_KEY: "blue"}
    return case


def age(case: Case, by: timedelta) -> None:
    with unit_of_work() as session:
        session.scalars(db.select(Identity).where(Identity.customer_id == case.customer_id)).one().refreshed_at = (
            clock.now() - by
        )


def asked(chatra: ChatraSimulator) -> int:
    """How often Chatra was asked for this visitor."""
    return sum(request.path == "/api/clients/maria" for request in chatra.requests)


def test_the_page_comes_at_once_and_the_data_with_its_time_soon_after(
    flow: Flow, browser: Browser, chatra: ChatraSimulator, case: Case
) -> None:
    before = asked(chatra)
    page = browser.get(f"/chats/{case.id}").text
    assert "Gold" in page
    assert asked(chatra) == before
    flow.settle()
    page = browser.get(f"/chats/{case.id}").text
    for told in ("Silver", "Custom field 1", "blue", "Chrome 126", "As of"):
        assert told in page
    assert "Gold" not in page
    assert RANDOM_KEY not in page
    assert asked(chatra) == before + 1


def test_many_who_open_it_ask_once(flow: Flow, browser: Browser, chatra: ChatraSimulator, case: Case) -> None:
    before = asked(chatra)
    for _ in range(3):
        browser.get(f"/chats/{case.id}")
    flow.settle()
    browser.get(f"/chats/{case.id}")
    flow.settle()
    assert asked(chatra) == before + 1


def test_an_ended_case_is_kept_fresh_like_a_chat(
    flow: Flow, browser: Browser, chatra: ChatraSimulator, case: Case
) -> None:
    browser.act(f"/chats/{case.id}/end", status="closed")
    assert "Gold" in browser.get(f"/cases/{case.id}").text
    flow.settle()
    assert "Silver" in browser.get(f"/cases/{case.id}").text


@pytest.mark.parametrize("answer", [401, 404, 500])
def test_where_chatra_does_not_answer_what_was_known_stays_with_its_age(
    flow: Flow, browser: Browser, chatra: ChatraSimulator, case: Case, answer: int
) -> None:
    chatra.faults.fail(answer)
    browser.get(f"/chats/{case.id}")
    flow.settle()
    assert "Gold" in browser.get(f"/chats/{case.id}").text
    flow.settle()
    assert "Silver" in browser.get(f"/chats/{case.id}").text


def test_a_paused_channel_is_not_asked(flow: Flow, browser: Browser, chatra: ChatraSimulator, case: Case) -> None:
    with unit_of_work() as session:
        session.get_one(Channel, flow.channel.id).state = "off"
    before = asked(chatra)
    browser.get(f"/chats/{case.id}")
    flow.settle()
    assert asked(chatra) == before
