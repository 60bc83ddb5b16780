"""A browser that reads slowly or not at all harms nobody, and what it does read is whole."""

from __future__ import annotations

import pytest

from models import Case
from realtime import topics
from realtime.bus import bus
from tests import factories as make
from tests.realtime.desk import People, WholeDesk, newcomer
from tests.realtime.listening import PING, PONG, TEXT, Listener

pytestmark = pytest.mark.slow

SMALL_BUFFER = 4096
BIG, MIDDLING = "x" * 30_000, "x" * 5_000


def numbered(number: int, padding: str) -> str:
    return f'{{"number": {number}, "padding": "{padding}"}}'


def push(case: Case, text: str) -> None:
    """Send a frame of our own making to every window of the case's customer."""
    bus.publish([topics.customer(case.customer.public_id)], text)


def overwhelm(case: Case, awake: Listener) -> list[str]:
    """Push more than any buffer holds, as fast as the one who is awake reads; returns what was pushed."""
    wanted = [numbered(number, BIG) for number in range(60)]
    for text in wanted:
        push(case, text)
        assert awake.news() == text
    return wanted


def test_a_peer_that_never_reads_is_cut_off_while_others_hear_everything_in_order(people: People) -> None:
    case = make.chat(visitor=newcomer())
    stuck, awake = people.customer(case, receive_buffer=SMALL_BUFFER), people.customer(case)
    wanted = overwhelm(case, awake)
    heard = list(stuck.texts())
    assert len(heard) < len(wanted)
    assert heard == wanted[: len(heard)]


def test_peers_that_were_cut_off_do_not_hold_up_pages(people: People, desk: WholeDesk) -> None:
    case, cookie = make.chat(visitor=newcomer()), people.cookie(make.agent())
    for _ in range(5):
        people.customer(case, receive_buffer=SMALL_BUFFER)
    overwhelm(case, people.customer(case))
    assert desk.page("/chats", cookie=cookie) == 200


def test_who_reads_late_but_in_time_hears_everything(people: People) -> None:
    case = make.chat(visitor=newcomer())
    late, awake = people.customer(case, receive_buffer=SMALL_BUFFER), people.customer(case)
    wanted = [numbered(number, MIDDLING) for number in range(60)]
    for text in wanted:
        push(case, text)
        assert awake.news() == text
    assert [late.news() for _ in wanted] == wanted


def test_frames_are_never_torn_while_pings_are_answered(people: People) -> None:
    case = make.chat(visitor=newcomer())
    late = people.customer(case, receive_buffer=SMALL_BUFFER)
    wanted = [numbered(number, MIDDLING) for number in range(60)]
    for number, text in enumerate(wanted):
        push(case, text)
        late.say(PING, str(number).encode())
    texts: list[str] = []
    pongs: list[str] = []
    while len(texts) < len(wanted) or len(pongs) < len(wanted):
        frame = late.frame()
        assert frame is not None, "the desk cut off a peer that was late but not too late"
        {TEXT: texts, PONG: pongs}.get(frame.first, []).append(frame.payload.decode())
    assert [text for text in texts if "padding" in text] == wanted
    assert pongs == [str(number) for number in range(60)]
