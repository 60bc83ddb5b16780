"""Settings → Integrations → Log: in words, with what was said on demand, for administrators alone."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from extensions import db
from jobs.adapters import adapter_of
from models import Access, Case, Channel, InboxItem, OutboxItem
from services.conversations import chats
from services.exchange import inbox, intake
from services.team import access_levels
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.browsing import Browser
from tests.channels.factories import CLIENT_ID, delivery, fragment, said


@pytest.fixture
def chatra(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def log(chatra: Channel) -> str:
    return f"/settings/integrations/{chatra.id}/log"


@pytest.fixture
def case(chatra: Channel) -> Case:
    """A chat that came in through it."""
    comes(chatra, "Hi")
    return db.session.scalars(db.select(Case)).one()


def comes(chatra: Channel, text: str) -> None:
    """A visitor's words come in and are applied."""
    intake.accept(chatra, adapter_of(chatra.id), fragment(said(text, id=text), displayedName="<Maria>"))
    while inbox.apply_next(f"channel:{chatra.id}:{CLIENT_ID}", adapter_of(chatra.id)) is not None:
        pass


def comes_to_nothing(chatra: Channel) -> None:
    """What nobody understands comes in."""
    body = {"eventName": "<b>joined</b>", "words": "</pre><script>"}
    intake.accept(chatra, adapter_of(chatra.id), delivery(body, nonce=intake.new_nonce()))


def stands(state: str, reason: str = "", attempts: int = 1, **more: object) -> None:
    """The only call is in this state."""
    with unit_of_work() as session:
        item = session.scalars(db.select(OutboxItem)).one()
        for name, value in {"state": state, "reason": reason, "attempts": attempts, **more}.items():
            setattr(item.message if name == "message.delivery" else item, name.removeprefix("message."), value)


def lines(page: str) -> list[str]:
    """The lines as they are read, without their time."""
    entries = re.findall(r'<li class="log-entry exchange"[^>]*>(.*?)</li>', page, re.DOTALL)
    words = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", entry)).split()) for entry in entries]
    return [re.sub(r" \d{4}-\d\d-\d\d \d\d:\d\d UTC", "", line) for line in words]


def test_administrators_alone_see_it(browser: Browser, admin: Browser, case: Case, log: str) -> None:
    for address in (log, f"{log}/in/1"):
        assert browser.get(address).status_code == 403
        assert admin.get(address).status_code == 200
    assert browser.act(f"{log}/in/1/replay").status_code == 403


@pytest.mark.parametrize("address", ["4711/log", "4711/log/in/1", "1/log/in/4711", "1/log/out/4711", "1/log/on/1"])
def test_what_does_not_exist_is_not_found(admin: Browser, address: str) -> None:
    assert admin.get(f"/settings/integrations/{address}").status_code == 404


def test_what_came_in_and_went_out_stands_newest_first_with_its_case_and_result(
    admin: Browser, chatra: Channel, case: Case, log: str
) -> None:
    chats.reply(case.id, make.agent(), "hello")
    comes_to_nothing(chatra)
    assert lines(admin.get(log).text) == [
        "↓ In <b>joined</b> No conversation Set aside Chatra sends no event called '<b>joined</b>'. "
        "What came in 2 Show Replay 2",
        f"↑ Out Send #{case.id} <Maria> Waiting What goes out 1 Show",
        f"↓ In chatFragment #{case.id} <Maria> Applied What came in 1 Show Replay 1",
    ]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ({"state": "sending"}, "Send Under way"),
        ({"state": "ready", "reason": "Chatra gave no answer.", "attempts": 3}, "Send Waiting, 3 attempts"),
        ({"state": "awaiting"}, "Send Not confirmed yet"),
        ({"state": "unknown"}, "Send Not confirmed"),
        ({"state": "failed", "reason": "Chatra gave no answer."}, "Send Failed Chatra gave no answer."),
        ({"state": "failed", "message.delivery": "sent"}, "Send Failed, made good since"),
        ({"state": "done", "attempts": 2}, "Send Delivered, 2 attempts"),
        ({"state": "withdrawn", "verb": "edit"}, "Edit Withdrawn"),
        ({"state": "done", "verb": "delete"}, "Delete Delivered"),
        ({"state": "done", "part": 1}, "Send, part 2 Delivered"),
    ],
)
def test_every_state_of_a_call_has_its_words(
    admin: Browser, case: Case, log: str, state: dict[str, object], shown: str
) -> None:
    chats.reply(case.id, make.agent(), "hello")
    stands(**state)  # type: ignore[arg-type]
    line = lines(admin.get(f"{log}?show=out").text)[0].replace(f"#{case.id} <Maria> ", "")
    assert line.startswith(f"↑ Out {shown}")


def test_a_case_that_the_administrator_may_not_see_is_named_by_its_conversation(
    app: Flask, case: Case, log: str
) -> None:
    boss = make.agent("Boss", admin=True)
    access_levels.give(boss.id, Level(Access.LIMITED))
    text = Browser(app.test_client()).sign_in(boss).get(log).text
    assert f'href="/cases/{case.id}"' not in text
    assert CLIENT_ID in lines(text)[0]


def test_the_filter_stays_over_pages(admin: Browser, chatra: Channel, log: str) -> None:
    for _ in range(60):
        comes_to_nothing(chatra)
    first = admin.get(f"{log}?show=attention").text
    assert (len(lines(first)), "60 deliveries could not be used" in first) == (50, True)
    (older,) = re.findall(r'href="([^"]+)" rel="next"', first)
    assert len(lines(admin.get(html.unescape(older)).text)) == 10
    assert "show=attention" in older


@pytest.mark.parametrize("query", ["after=x", "after=1", "after=-", "after=9999999999999-", "show=aside", "after=-²"])
def test_what_cannot_be_read_in_an_address_begins_at_the_front(
    admin: Browser, case: Case, log: str, query: str
) -> None:
    assert len(lines(admin.get(f"{log}?{query}").text)) == 1


class TestBodies:
    def test_are_pretty_and_escaped(self, admin: Browser, chatra: Channel, log: str) -> None:
        comes_to_nothing(chatra)
        fragment_ = admin.get(f"{log}/in/1", HX_Request="true").text
        assert "&lt;/pre&gt;&lt;script&gt;" in fragment_
        assert "{\n  &#34;eventName&#34;: &#34;&lt;b&gt;joined&lt;/b&gt;&#34;" in fragment_
        assert "<html" not in fragment_
        assert "<html" in admin.get(f"{log}/in/1").text

    def test_of_a_call_say_what_goes_out_and_no_key(
        self, admin: Browser, chatra: Channel, case: Case, log: str
    ) -> None:
        chats.reply(case.id, make.agent(), "hello")
        text = admin.get(f"{log}/out/1").text
        assert "&#34;text&#34;: &#34;hello&#34;" in text
        assert not [key for key in chatra.credentials.values() if key in text]


class TestReplay:
    def test_applies_a_delivery_again_and_leads_back(self, admin: Browser, chatra: Channel, log: str) -> None:
        comes_to_nothing(chatra)
        answer = admin.submit(f"{log}/in/1/replay", page=log, show="attention", after="5-")
        back = f"{log}?show=attention&after=5-&replayed=1#log-line-1"
        assert (answer.status_code, answer.location) == (303, back)
        assert db.session.get_one(InboxItem, 1).state == inbox.PENDING

    def test_is_waited_for_in_the_deliverys_own_line(self, admin: Browser, chatra: Channel, log: str) -> None:
        comes_to_nothing(chatra)
        admin.submit(f"{log}/in/1/replay", page=log, show="attention")
        page = admin.get(f"{log}?show=attention&replayed=1").text
        assert "Waiting" in lines(page)[0]
        (address,) = re.findall(rf'hx-get="({log}/in/1/line[^"]+)"', page)
        assert admin.get(html.unescape(address)).status_code == 204
        inbox.apply_next(f"channel:{chatra.id}:", adapter_of(chatra.id))
        line = admin.get(html.unescape(address)).text
        assert ("Set aside Chatra sends no event" in lines(line)[0], "/line" in line) == (True, False)
        assert 'name="show" value="attention"' in line
        assert admin.get(f"{log}/in/4711/line").status_code == 404

    def test_leads_nowhere_else(self, admin: Browser, chatra: Channel, case: Case, log: str) -> None:
        answer = admin.submit(f"{log}/in/1/replay", page=log, show="in&x=1", after="//else.example")
        assert answer.location == f"{log}?replayed=1#log-line-1"


class TestOnTheConnectionsPage:
    def test_the_last_five_lines_stand_there(self, admin: Browser, chatra: Channel, case: Case, log: str) -> None:
        for number in range(6):
            comes(chatra, f"words {number}")
        page = admin.get(log.removesuffix("/log")).text
        assert len(lines(page)) == 5
        assert f'href="{log}"' in page

    def test_what_was_set_aside_is_counted(self, admin: Browser, chatra: Channel, log: str) -> None:
        page = log.removesuffix("/log")
        assert "could not be used" not in admin.get(page).text
        comes_to_nothing(chatra)
        assert "1 delivery could not be used and was set aside." in admin.get(page).text
