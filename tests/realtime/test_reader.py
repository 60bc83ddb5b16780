"""The one thread that looks after all sockets: nobody is forgotten, nobody holds up the others."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from realtime.connection import SERVICE_RESTART, Connection
from realtime.frames import text_frame
from realtime.reader import Reader
from tests.processes.running import eventually
from tests.realtime.listening import BEAT, CLOSE, PING, PONG, TEXT, Frame
from tests.realtime.wires import connected

SMALL_BUFFER = 4096
POLICY_VIOLATION = 1008
NEVER = 3600.0


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A reader that never beats."""
    reader = Reader(heartbeat_seconds=NEVER)
    reader.start()
    yield reader
    reader.close_all(SERVICE_RESTART)


def adopted(reader: Reader, connection: Connection) -> list[str]:
    """Have the connection looked after; what is returned tells when it has ended."""
    ends: list[str] = []
    connection.on_end = lambda: ends.append("ended")
    reader.adopt(connection)
    return ends


def test_brings_what_is_pushed(reader: Reader) -> None:
    with connected() as (connection, listener):
        reader.adopt(connection)
        connection.push(text_frame("news"))
        assert listener.frame() == Frame(TEXT, b"news")


def test_sends_what_the_browser_could_not_take_at_once(reader: Reader) -> None:
    with connected(SMALL_BUFFER) as (connection, listener):
        reader.adopt(connection)
        wanted = [f"{number} {'x' * 4_000}" for number in range(80)]
        for text in wanted:
            connection.push(text_frame(text))
        assert [listener.news() for _ in wanted] == wanted


def test_what_was_pushed_before_it_was_adopted_is_sent_too(reader: Reader) -> None:
    with connected(SMALL_BUFFER) as (connection, listener):
        wanted = [f"{number} {'x' * 4_000}" for number in range(60)]
        for text in wanted:
            connection.push(text_frame(text))
        reader.adopt(connection)
        assert [listener.news() for _ in wanted] == wanted


def test_a_browser_that_does_not_keep_up_is_cut_off_and_its_end_told_once(reader: Reader) -> None:
    with connected(SMALL_BUFFER) as (connection, listener):
        ends = adopted(reader, connection)
        for _ in range(30):
            connection.push(text_frame("x" * 30_000))
        assert len(list(listener.texts())) < 30
        assert eventually(lambda: ends == ["ended"])
        assert reader.wait_until_empty(10)


def test_a_browser_that_is_gone_is_let_go(reader: Reader) -> None:
    with connected() as (connection, listener):
        ends = adopted(reader, connection)
        listener.raw.close()
        assert eventually(lambda: ends == ["ended"])


def test_a_browser_that_was_reset_is_let_go(reader: Reader) -> None:
    with connected() as (connection, listener):
        ends = adopted(reader, connection)
        listener.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        listener.raw.close()
        assert eventually(lambda: ends == ["ended"])


def test_a_good_bye_is_answered(reader: Reader) -> None:
    with connected() as (connection, listener):
        ends = adopted(reader, connection)
        listener.say(CLOSE, struct.pack(">H", 1001))
        assert listener.frame() == Frame(CLOSE, struct.pack(">H", 1001))
        assert eventually(lambda: ends == ["ended"])


def test_a_ping_is_answered_with_its_own_words(reader: Reader) -> None:
    with connected() as (connection, listener):
        reader.adopt(connection)
        listener.say(PING, b"are you there")
        assert listener.frame() == Frame(PONG, b"are you there")


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"])
def test_garbage_ends_one_connection_and_no_other(reader: Reader, garbage: bytes) -> None:
    with connected() as (bad, liar), connected() as (good, listener):
        ends = adopted(reader, bad)
        reader.adopt(good)
        liar.raw.sendall(garbage)
        assert eventually(lambda: ends == ["ended"])
        good.push(text_frame("still here"))
        assert listener.news() == "still here"


def test_a_connection_that_was_closed_before_it_was_adopted_harms_nobody(reader: Reader) -> None:
    with connected() as (closed, _), connected() as (good, listener):
        closed.sock.raw.close()
        ends = adopted(reader, closed)
        assert eventually(lambda: ends == ["ended"])
        reader.adopt(good)
        good.push(text_frame("still here"))
        assert listener.news() == "still here"


def test_one_whose_end_goes_wrong_does_not_stop_the_others(reader: Reader) -> None:
    def fail() -> None:
        raise RuntimeError("the end went wrong")

    with connected() as (bad, leaver), connected() as (good, listener):
        adopted(reader, bad)
        bad.on_end = fail
        reader.adopt(good)
        leaver.raw.close()
        assert eventually(lambda: bad.is_over)
        good.push(text_frame("still here"))
        assert listener.news() == "still here"
        assert eventually(lambda: bad.sock.raw.fileno() == -1)


def test_who_talks_is_shown_the_door(reader: Reader) -> None:
    with connected() as (connection, listener):
        reader.adopt(connection)
        listener.say(TEXT, b"let me in")
        assert listener.close_code() == POLICY_VIOLATION


def test_good_bye_is_said_with_its_code_and_nothing_after_it(reader: Reader) -> None:
    with connected() as (connection, listener):
        reader.adopt(connection)
        reader.close_all(SERVICE_RESTART)
        assert eventually(lambda: connection.is_closing)
        connection.push(text_frame("too late"))
        assert listener.close_code() == SERVICE_RESTART
        assert listener.frame() is None
        assert reader.wait_until_empty(10)


def test_a_browser_that_does_not_answer_the_good_bye_is_let_go_soon(reader: Reader) -> None:
    with connected() as (connection, listener):
        ends = adopted(reader, connection)
        reader.close_all(SERVICE_RESTART)
        frame = listener.frame()
        assert frame is not None
        assert frame.first == CLOSE
        assert eventually(lambda: ends == ["ended"], 10)


class TestTheHeartbeat:
    @pytest.fixture
    def reader(self) -> Iterator[Reader]:
        reader = Reader(heartbeat_seconds=1)
        reader.start()
        yield reader
        reader.close_all(SERVICE_RESTART)

    def test_shows_pages_that_the_desk_is_there_and_asks_browsers_whether_they_are(self, reader: Reader) -> None:
        with connected() as (connection, listener):
            reader.adopt(connection)
            assert [listener.frame(), listener.frame()] == [Frame(TEXT, BEAT.encode()), Frame(PING, b"")]

    def test_after_a_standstill_browsers_get_their_time_to_answer(self, reader: Reader) -> None:
        with connected() as (connection, listener):
            ends = adopted(reader, connection)
            assert [listener.frame(), listener.frame()] == [Frame(TEXT, BEAT.encode()), Frame(PING, b"")]
            listener.say(PONG, b"")
            go_on = threading.Event()
            reader._soon(lambda: (go_on.wait(3.5), None)[1])
            for _ in range(2):
                assert [listener.frame(), listener.frame()] == [Frame(TEXT, BEAT.encode()), Frame(PING, b"")]
                listener.say(PONG, b"")
            assert ends == []

    @pytest.mark.row("R6")
    def test_who_does_not_answer_one_is_given_up_at_the_next(self, reader: Reader) -> None:
        with connected() as (silent, deaf), connected() as (alive, listener):
            ends, kept = adopted(reader, silent), adopted(reader, alive)
            for _ in range(4):
                assert listener.frame() == Frame(TEXT, BEAT.encode())
                assert listener.frame() == Frame(PING, b"")
                listener.say(PONG, b"")
            assert eventually(lambda: ends == ["ended"])
            assert kept == []
            deaf.raw.close()
