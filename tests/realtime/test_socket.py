"""One browser's socket: frames as RFC 6455 has them, and one ordered buffer."""

from __future__ import annotations

import errno
import threading
from collections import deque
from select import select

import pytest
from wsproto import ConnectionType
from wsproto.connection import Connection as Protocol
from wsproto.events import TextMessage

from realtime.frames import text_frame
from tests.processes.running import eventually
from tests.realtime.listening import Frame
from tests.realtime.wires import wire

SMALL_BUFFER = 4096
CHUNK = b"x" * 65_536


class TestATextFrame:
    @pytest.mark.parametrize(
        ("size", "head"),
        [
            (0, b"\x81\x00"),
            (125, b"\x81\x7d"),
            (126, b"\x81\x7e\x00\x7e"),
            (65_535, b"\x81\x7e\xff\xff"),
            (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        ],
    )
    def test_tells_its_size_in_as_few_bytes_as_the_protocol_has(self, size: int, head: bytes) -> None:
        assert text_frame("x" * size) == head + b"x" * size

    @pytest.mark.parametrize("size", [0, 1, 62, 63, 125, 126, 32_767, 32_768, 65_535, 65_536, 100_000])
    def test_is_read_by_another_implementation(self, size: int) -> None:
        browser = Protocol(ConnectionType.CLIENT)
        browser.receive_data(text_frame("я" * size))
        events = list(browser.events())
        assert all(isinstance(event, TextMessage) for event in events)
        assert "".join(event.data for event in events if isinstance(event, TextMessage)) == "я" * size


class TestTheBuffer:
    def test_what_the_kernel_does_not_take_is_kept_and_sent_later_in_order(self) -> None:
        with wire(SMALL_BUFFER) as (near, listener):
            wanted = [text_frame(f"{number} {'x' * 4_000}") for number in range(80)]
            for frame in wanted:
                assert near.send(frame) == len(frame)
            assert near.backlog
            reader = threading.Thread(target=lambda: heard.extend(listener.frame() for _ in wanted))
            heard: list[Frame | None] = []
            reader.start()
            assert eventually(near.drain)
            reader.join()
        assert [text_frame(frame.payload.decode()) for frame in heard if frame] == wanted

    def test_sending_never_waits_for_a_peer_that_does_not_read(self) -> None:
        with wire(SMALL_BUFFER) as (near, _), pytest.raises(OSError, match="does not keep up") as refusal:
            deque(map(near.send, [CHUNK] * 100), maxlen=0)
        assert refusal.value.errno == errno.ENOBUFS

    def test_a_small_frame_does_not_overtake_what_is_kept(self) -> None:
        with wire(SMALL_BUFFER) as (near, listener):
            sent, received = 0, b""
            while not near.backlog:
                sent += near.send(CHUNK)
            while not select([], [near], [], 0)[1]:
                received += listener.raw.recv(1 << 16)
            sent += near.send(b"small")
            while len(received) < sent:
                near.drain()
                received += listener.raw.recv(1 << 16)
        assert received == b"x" * (sent - 5) + b"small"


class TestLeavingTheServer:
    def test_the_connection_goes_on_while_the_server_closes_what_it_has(self) -> None:
        with wire() as (near, listener):
            servers = near.raw
            near.leave_server()
            assert servers.recv(1) == b""
            servers.close()
            near.send(text_frame("still here"))
            assert listener.news() == "still here"
            near.close()
