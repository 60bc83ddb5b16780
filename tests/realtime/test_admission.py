"""Who may listen: agents with their session on our own pages, customers with a fresh ticket, and never too many."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from services import clock
from tests import factories as make
from tests.processes.running import eventually
from tests.realtime.desk import People, WholeDesk, newcomer
from tests.realtime.listening import BEAT, TEXT, Frame

pytestmark = pytest.mark.slow


class TestAnAgent:
    def test_is_let_in_with_their_session_from_our_own_page(self, people: People, desk: WholeDesk) -> None:
        socket = people.knock("/live", Cookie=people.cookie(make.agent()), Origin=desk.origin)
        assert socket.answered["Upgrade"].lower() == "websocket"

    def test_without_a_session_is_refused(self, people: People, desk: WholeDesk) -> None:
        assert people.refusal("/live", Origin=desk.origin).status == 401

    def test_with_a_forged_session_is_refused(self, people: People, desk: WholeDesk) -> None:
        assert people.refusal("/live", Origin=desk.origin, Cookie="deskbell=forged").status == 401

    @pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1", "null", ""])
    def test_from_a_page_that_is_not_ours_is_refused(self, people: People, origin: str) -> None:
        assert people.refusal("/live", Origin=origin, Cookie=people.cookie(make.agent())).status == 403

    def test_without_an_origin_is_refused(self, people: People) -> None:
        assert people.refusal("/live", Cookie=people.cookie(make.agent())).status == 403

    def test_first_hears_the_heartbeat(self, people: People, desk: WholeDesk) -> None:
        socket = people.knock("/live", Cookie=people.cookie(make.agent()), Origin=desk.origin)
        assert socket.frame() == Frame(TEXT, BEAT.encode())

    def test_is_never_offered_compression(self, people: People) -> None:
        ann = people.agent()
        assert ann.answered["Sec-WebSocket-Extensions"] is None
        make.chat("Hello " * 500, visitor=newcomer())
        # The first byte of a compressed frame is none that the listener takes.
        assert "Hello Hello" in ann.news()


class TestACustomer:
    def test_is_let_in_with_a_ticket_from_whatever_site(self, people: People) -> None:
        ticket = people.ticket(make.chat(visitor=newcomer()))
        socket = people.knock(f"/widget/live?ticket={ticket}", Origin="https://shop.example")
        assert socket.frame() == Frame(TEXT, BEAT.encode())

    def test_is_never_offered_compression(self, people: People) -> None:
        assert people.customer(make.chat(visitor=newcomer())).answered["Sec-WebSocket-Extensions"] is None

    @pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=InZpc2l0b3Ii.abc.def"])
    def test_with_a_forged_ticket_is_refused(self, people: People, query: str) -> None:
        assert people.refusal(f"/widget/live{query}").status == 403

    def test_with_a_ticket_older_than_half_a_minute_is_refused(self, people: People) -> None:
        case = make.chat(visitor=newcomer())
        with time_machine.travel(clock.now() - timedelta(seconds=32)):
            ticket = people.ticket(case)
        assert people.refusal(f"/widget/live?ticket={ticket}").status == 403

    def test_cannot_open_an_agents_socket_with_it(self, people: People, desk: WholeDesk) -> None:
        ticket = people.ticket(make.chat(visitor=newcomer()))
        assert people.refusal(f"/live?ticket={ticket}", Origin=desk.origin).status == 401


class TestWhenAllPlacesAreTaken:
    @pytest.fixture
    def cookie(self, people: People) -> str:
        return people.cookie(make.agent())

    @pytest.fixture(autouse=True)
    def _full(self, people: People, desk: WholeDesk, cookie: str) -> None:
        while len(people.sockets) < desk.settings.ws_cap:
            assert eventually(lambda: joins(people, cookie)), "there was no place left"

    def test_one_more_is_told_to_come_back_later(self, people: People, desk: WholeDesk, cookie: str) -> None:
        refusal = people.refusal("/live", Cookie=cookie, Origin=desk.origin)
        assert refusal.status == 503
        assert int(refusal.headers["Retry-After"]) > 0

    def test_pages_still_answer(self, desk: WholeDesk, cookie: str) -> None:
        assert [desk.page(path, cookie=cookie) for path in ("/chats", "/cases", "/profile")] == [200] * 3

    def test_who_leaves_makes_room(self, people: People, cookie: str) -> None:
        people.sockets.pop().raw.close()
        assert eventually(lambda: joins(people, cookie))


def test_customers_cannot_take_the_place_that_is_kept_for_an_agent(people: People, desk: WholeDesk) -> None:
    path = f"/widget/live?ticket={people.ticket(make.chat(visitor=newcomer()))}"
    for _ in range(desk.settings.ws_cap - 1):
        assert eventually(lambda: people.may_join(path)), "there was no place left"
    assert people.refusal(path).status == 503
    assert joins(people, people.cookie(make.agent()))


def test_who_was_refused_took_no_place(people: People, desk: WholeDesk) -> None:
    cookie = people.cookie(make.agent())
    for _ in range(desk.settings.ws_cap + 1):
        assert people.refusal("/live", Origin=desk.origin).status == 401
    assert joins(people, cookie)


def joins(people: People, cookie: str) -> bool:
    """Whether there was a place for one more agent's socket."""
    return people.may_join("/live", Cookie=cookie, Origin=people.desk.origin)
