"""Signing out ends the sockets of that browser: those that are there, and one that is just shaking hands."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from models import SignIn
from realtime.attendance import Attendance
from realtime.bus import bus
from realtime.connection import SESSION_OVER
from realtime.hub import Hub
from services.signing_in import passwords, sign_ins
from tests import factories as make
from tests.browsing import Browser
from tests.realtime.desk import People, WholeDesk
from tests.realtime.listening import Listener
from tests.serving import ServedDesk


@pytest.mark.slow
class TestSocketsThatAreThere:
    def test_a_revoked_browser_is_hung_up(self, people: People, desk: WholeDesk) -> None:
        ann = make.agent()
        here, there = (people.knock("/live", Cookie=people.cookie(ann), Origin=desk.origin) for _ in range(2))
        for listener in (here, there):
            assert listener.frame() is not None
        newest, oldest = sorted(sign_ins.of_agent(ann.id), key=lambda one: one.id, reverse=True)
        sign_ins.revoke(ann, newest.id)
        assert there.close_code() == SESSION_OVER
        sign_ins.revoke(ann, oldest.id)
        assert here.close_code() == SESSION_OVER

    def test_another_password_hangs_up_every_browser(self, people: People, desk: WholeDesk) -> None:
        ann = make.agent()
        sockets = [people.knock("/live", Cookie=people.cookie(ann), Origin=desk.origin) for _ in range(2)]
        for listener in sockets:
            assert listener.frame() is not None
        passwords.put(ann.id, "battery staple")
        assert [listener.close_code() for listener in sockets] == [SESSION_OVER] * 2


def test_a_browser_that_is_signed_out_while_it_shakes_hands_is_hung_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie, here = signed_in(app)
    join = Hub.join

    def late(hub: Hub, *connection: Any) -> None:  # noqa: ANN401  as the hub has them
        """Whoever listened is told before this socket begins to."""
        with app.app_context():
            sign_ins.end(here.id)
        join(hub, *connection)

    monkeypatch.setattr(Hub, "join", late)
    monkeypatch.setattr(Attendance, "note", lambda _: None)
    with ServedDesk(app) as desk, knock(desk, cookie) as listener:
        assert listener.close_code() == SESSION_OVER


def test_a_browser_that_was_signed_out_while_redis_was_away_is_hung_up_by_the_next_beat(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie, here = signed_in(app)
    with ServedDesk(app) as desk, knock(desk, cookie) as listener:
        assert listener.frame() is not None
        monkeypatch.setattr(bus, "publish", lambda *_: None)
        sign_ins.end(here.id)
        app.extensions["attendance"].note()
        assert listener.close_code() == SESSION_OVER


def signed_in(app: Flask) -> tuple[str, SignIn]:
    """A browser in which an agent has signed in: its cookie, and the sign-in."""
    ann, client = make.agent(), app.test_client()
    Browser(client).sign_in(ann)
    cookie = client.get_cookie("deskbell")
    assert cookie is not None
    return f"deskbell={cookie.value}", sign_ins.of_agent(ann.id)[0]


def knock(desk: ServedDesk, cookie: str) -> Listener:
    """A socket of that browser."""
    return Listener.knock(urlsplit(desk.url).port or 0, "/live", Cookie=cookie, Origin=desk.url)
