"""The list of all cases: sixty lines a page, always as the cases are now and in the reader's own language."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from extensions import db
from models import Agent, Case, Channel
from services import clock
from services.conversations import cases, chats
from services.exchange import channels
from services.team import groups
from services.uow import unit_of_work
from tests import factories as make
from tests.browsing import Browser


@pytest.fixture
def ann(app: Flask) -> Browser:
    return Browser(app.test_client()).sign_in(make.agent("Ann", language="en"))


@pytest.fixture
def closer(app: Flask) -> Agent:
    return make.agent("Closer")


def ended(closer: Agent, visitor: str, *, text: str = "Hello", status: str = "open") -> Case:
    return chats.end(make.chat(text, visitor=visitor).id, closer, status)


def test_a_line_shows_what_a_case_has_become(ann: Browser, closer: Agent) -> None:
    case = ended(closer, "maria", text="Where is my order?")
    assert "Where is my order?" in ann.get("/cases").text
    make.chat("It has just arrived.", visitor="maria")
    chats.end(case.id, closer, "closed")
    page = ann.get("/cases").text
    assert "It has just arrived." in page
    assert page.count(f'id="case-row-{case.id}"') == 1
    assert 'data-status="closed">Closed<' in page


def test_each_reader_gets_the_lines_in_their_own_language(app: Flask, ann: Browser, closer: Agent) -> None:
    ended(closer, "maria", status="pending")
    olga = Browser(app.test_client()).sign_in(make.agent("Olga", language="ru"))
    assert ">Pending</span>" in ann.get("/cases").text
    russian = olga.get("/cases").text
    assert ">Pending<" not in russian
    assert ">В ожидании</span>" in russian
    assert ">Pending</span>" in ann.get("/cases").text


def test_a_name_is_escaped_on_every_page_that_shows_it(ann: Browser, closer: Agent) -> None:
    ended(closer, "mallory", text="<b>bold</b> words")
    for _ in range(2):
        page = ann.get("/cases").text
        assert "&lt;b&gt;bold&lt;/b&gt; words" in page
        assert "<b>bold" not in page


def test_the_sixty_first_case_is_on_the_second_page(ann: Browser, closer: Agent) -> None:
    numbers = [ended(closer, f"visitor {number}").id for number in range(cases.PAGE + 1)]
    first = ann.get("/cases").text
    assert first.count('class="case-row"') == cases.PAGE == 60
    assert f'id="case-row-{numbers[0]}"' not in first
    older = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert f'id="case-row-{numbers[0]}"' in ann.get(older).text


class TestFilters:
    @pytest.fixture
    def shop(self, app: Flask) -> Channel:
        """A connected Chatra account."""
        return channels.connect(
            kind="chatra", family="live_chat", name="Second shop", group=groups.first(), credentials={}
        )

    def shown(self, page: str) -> set[int]:
        """The numbers of the cases on a page."""
        return {int(number) for number in re.findall(r'id="case-row-(\d+)"', page)}

    def link(self, page: str, name: str) -> str:
        """Where a filter leads to."""
        item = rf'<a class="aside-item[^"]*" href="([^"]+)"[^>]*>(?:(?!</a>).)*{name}'
        found = re.search(item, page, re.DOTALL)
        assert found is not None, name
        return html.unescape(found[1])

    def test_every_agent_has_live_chats_and_each_connection_by_name(
        self, ann: Browser, closer: Agent, shop: Channel
    ) -> None:
        own, its = ended(closer, "maria"), make.chat(channel=shop, visitor="paul")
        chats.end(its.id, closer, "pending")
        page = ann.get("/cases").text
        assert page.count('title="Live chat · Chatra · Second shop"') == 1
        assert page.count('title="Live chat · Website chat"') == 1
        assert self.shown(ann.get(self.link(page, "Live chats")).text) == {own.id, its.id}
        assert self.shown(ann.get(self.link(page, "Second shop")).text) == {its.id}
        assert self.shown(ann.get(self.link(page, "Website chat")).text) == {own.id}

    def test_of_another_family_there_is_nothing_among_the_live_chats(
        self, ann: Browser, closer: Agent, shop: Channel
    ) -> None:
        own, letter = ended(closer, "maria"), make.chat(channel=shop, visitor="paul")
        chats.end(letter.id, closer, "open")
        with unit_of_work() as session:
            session.get_one(Channel, shop.id).family = "email"
        page = ann.get("/cases?channel=live_chat").text
        assert self.shown(page) == {own.id}
        assert self.shown(ann.get(self.link(page, "E-mail")).text) == {letter.id}

    def test_status_and_channel_go_together_and_each_link_keeps_the_other(
        self, ann: Browser, closer: Agent, shop: Channel
    ) -> None:
        its = make.chat(channel=shop, visitor="paul")
        chats.end(its.id, closer, "pending")
        ended(closer, "maria", status="pending")
        page = ann.get(f"/cases?channel={shop.id}").text
        assert self.link(page, "Pending") == f"/cases?status=pending&channel={shop.id}"
        page = ann.get(self.link(page, "Pending")).text
        assert self.shown(page) == {its.id}
        assert self.link(page, "Live chats") == "/cases?status=pending&channel=live_chat"
        assert self.link(page, "All channels") == "/cases?status=pending"

    def test_the_next_page_is_one_of_the_same_cases(self, ann: Browser, closer: Agent, shop: Channel) -> None:
        ended(closer, "maria")
        for number in range(cases.PAGE + 1):
            chats.end(make.chat(channel=shop, visitor=f"visitor {number}").id, closer, "open")
            ended(closer, f"visitor {number}")
        page = ann.get(f"/cases?channel={shop.id}").text
        assert "61 cases" in page
        older = html.unescape(page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0])
        rest = ann.get(older).text
        assert len(self.shown(rest)) == 1
        assert "61 cases" in rest
        assert not self.shown(rest) & self.shown(page)

    def test_what_nobody_counts_on_is_more_than_that(
        self, ann: Browser, closer: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cases, "MOST_COUNTED", 1)
        ended(closer, "maria")
        assert "1 case<" in ann.get("/cases").text
        ended(closer, "paul")
        assert "More than 1 cases" in ann.get("/cases").text

    @pytest.mark.parametrize("channel", ["999", "-1", "email", "1 or 1", "99999999999999999999", "ü"])
    def test_what_does_not_exist_filters_nothing(self, ann: Browser, closer: Agent, channel: str) -> None:
        case = ended(closer, "maria")
        assert self.shown(ann.get(f"/cases?channel={channel}").text) == {case.id}

    def test_a_disconnected_channel_is_named_only_where_its_cases_are_asked_for(
        self, ann: Browser, closer: Agent, shop: Channel
    ) -> None:
        its = make.chat(channel=shop, visitor="paul")
        chats.end(its.id, closer, "open")
        with unit_of_work() as session:
            session.get_one(Channel, shop.id).disconnected_at = clock.now()
        assert 'href="/cases?channel=2"' not in ann.get("/cases").text
        page = ann.get(f"/cases?channel={shop.id}").text
        assert self.shown(page) == {its.id}
        assert self.link(page, "Second shop") == f"/cases?channel={shop.id}"

    def test_nothing_of_the_list_is_asked_for_each_case(self, ann: Browser, closer: Agent, shop: Channel) -> None:
        ended(closer, "maria")
        ann.get("/cases")
        with statements() as few:
            ann.get("/cases?channel=live_chat")
        for number in range(20):
            chats.end(make.chat(channel=shop, visitor=f"visitor {number}").id, closer, "open")
        with statements() as many:
            ann.get("/cases?channel=live_chat")
        assert len(many) == len(few)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile about anything but agents, whose presence is looked after now and then."""
    asked: list[str] = []

    def listen(*call: object) -> None:
        if "FROM agent" not in str(call[2]) and str(call[2]).startswith("SELECT"):
            asked.append(str(call[2]))

    db.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        db.event.remove(db.engine, "before_cursor_execute", listen)
