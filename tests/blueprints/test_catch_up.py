"""What an agent's page lacks after a gap: all of it, in answers of bounded size."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from channels.base import Author
from services.conversations import chats, messages
from services.events import SYSTEM
from services.uow import lock_case, unit_of_work
from tests import factories as make
from tests.browsing import Browser


@pytest.mark.row("R2")
def test_a_long_gap_comes_in_parts_until_it_is_whole(app: Flask) -> None:
    browser = Browser(app.test_client()).sign_in(make.agent())
    case = make.chat()
    rev = case.rev
    with unit_of_work():
        locked = lock_case(case.id)
        for number in range(450):
            messages.add(locked, messages.NewMessage(Author.CUSTOMER, f"line {number}", SYSTEM))
    found: list[str] = []
    more = True
    while more:
        answer = browser.get(f"/chats/{case.id}/messages?after={rev}")
        part = re.findall(r">(line \d+)<", answer.text)
        assert len(part) <= messages.LATEST
        found, rev, more = found + part, int(answer.headers["Deskbell-Rev"]), "Deskbell-More" in answer.headers
    assert found == [f"line {number}" for number in range(450)]
    assert rev == make.fresh(case).rev


def test_a_catch_up_tells_of_the_customers_other_cases(app: Flask) -> None:
    ann = make.agent()
    browser = Browser(app.test_client()).sign_in(ann)
    first = make.chat("one")
    chats.end(first.id, ann, "closed")
    second = make.chat("two")
    answer = browser.get(f"/chats/{second.id}/messages?after={second.rev}")
    assert f'href="/cases/{first.id}"' in answer.text
