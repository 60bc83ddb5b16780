"""Statuses in the browser: chosen once for all tabs, asked for when offline, kept through reloads (R20, R22)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import Page, expect

from extensions import db
from models import Agent, StatusKind
from services import clock
from services.attendance import statuses
from services.uow import unit_of_work
from tests import factories as make
from tests.e2e.conftest import People
from tests.e2e.reconnect import scene
from tests.processes.running import eventually


def kind_of(agent: Agent) -> str:
    db.session.rollback()
    db.session.refresh(agent)
    return statuses.of(agent).kind


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("group", name="Your status").get_by_role("button", name=name).click()


def shows(page: Page, name: str) -> None:
    expect(page.locator("#own-status")).to_contain_text(name)


@pytest.mark.row("R20")
def test_a_status_chosen_in_one_tab_holds_in_the_other_and_after_a_reload(people: People) -> None:
    agent, first = people.agent()
    second = first.context.new_page()
    second.goto(f"{people.running.url}/cases")
    choose(first, "Without chats")
    for page in (first, second):
        shows(page, "Without chats")
    second.reload()
    shows(second, "Without chats")
    assert kind_of(agent) == StatusKind.WITHOUT_CHATS


def test_who_is_offline_sees_nothing_but_the_question_and_goes_on_by_answering(people: People) -> None:
    case = make.chat("Hello", visitor=scene.newcomer())
    agent, ann = people.agent()
    ann.goto(f"{people.running.url}/chats")
    expect(ann.locator(f"#chat-row-{case.id}")).to_be_visible()
    choose(ann, "Offline")
    question = ann.get_by_role("dialog", name="You are offline")
    expect(question).to_be_visible()
    expect(ann.locator(f"#chat-row-{case.id}")).to_have_count(0)
    for _ in range(3):
        # A page can refuse a browser's first Escape, not the second one.
        ann.keyboard.press("Escape")
        expect(question).to_be_visible()
    ann.reload()
    question.get_by_role("button", name="Online").click()
    expect(question).to_have_count(0)
    expect(ann.locator(f"#chat-row-{case.id}")).to_be_visible()
    assert kind_of(agent) == StatusKind.ONLINE


@pytest.mark.row("R22")
def test_who_closes_every_tab_is_offline_after_the_grace_and_back_with_the_next(people: People) -> None:
    agent, ann = people.agent()
    expect(ann.locator("#own-status")).to_contain_text("Online")
    ann.close()
    with time_machine.travel(clock.now() + statuses.GRACE + timedelta(seconds=statuses.BEAT_SECONDS)):
        statuses.end_lapsed()
    assert kind_of(agent) == StatusKind.OFFLINE
    again = people.contexts[-1].new_page()
    again.goto(f"{people.running.url}/chats")
    assert eventually(lambda: kind_of(agent) == StatusKind.ONLINE)
    shows(again, "Online")
    expect(again.get_by_role("dialog", name="You are offline")).to_have_count(0)


@pytest.mark.row("R22")
def test_the_desk_notices_by_itself_that_a_tab_is_gone_and_no_beat_brings_its_agent_back(people: People) -> None:
    gone, page = people.agent("Ann")
    here, _ = people.agent("Bob")
    shows(page, "Online")
    page.close()
    let_the_grace_be_over(gone, here)
    assert eventually(lambda: kind_of(gone) == StatusKind.OFFLINE, 30)
    assert eventually(lambda: connected_until(here) > clock.now())
    # Requests of the page that comes back count, too; the next one after them is a beat.
    back_until = connected_until(here) + timedelta(seconds=3)
    assert eventually(lambda: connected_until(here) > back_until, 60), "no beat"
    assert (kind_of(here), kind_of(gone)) == (StatusKind.ONLINE, StatusKind.OFFLINE)


def let_the_grace_be_over(*agents: Agent) -> None:
    with unit_of_work() as session:
        ids = [agent.id for agent in agents]
        session.execute(db.update(Agent).where(Agent.id.in_(ids)).values(connected_until=clock.now()))


def connected_until(agent: Agent) -> datetime:
    db.session.rollback()
    db.session.refresh(agent)
    assert agent.connected_until is not None
    return agent.connected_until
