"""The list of all cases: sixty lines a page, always as the cases are now and in the reader's own language."""

from __future__ import annotations

import pytest
from flask import Flask

from models import Agent, Case
from services.conversations import cases, chats
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
