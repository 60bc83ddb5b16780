"""A browser's websocket, read as bytes: a test sees every frame as it came over the wire."""

from __future__ import annotations

import io
import os
import socket
import struct
from base64 import b64encode
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from itertools import cycle
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

PATIENCE_SECONDS = 20.0
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
BEAT = '{"beat": 1}'
DEFLATE = "permessage-deflate; client_max_window_bits"


class Refused(Exception):
    """The desk answered the handshake with something else than 101."""

    def __init__(self, status: int, headers: Message) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class Frame(NamedTuple):
    """One frame (RFC 6455 §5.2). `first` is its whole first byte: final, uncompressed and of that kind."""

    first: int
    payload: bytes


class Listener:
    """The browser's end of a socket. Every wait ends with `TimeoutError` after `PATIENCE_SECONDS`."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self._received = b""

    @classmethod
    def knock(cls, port: int, path: str, *, receive_buffer: int | None = None, **headers: str) -> Self:
        """Ask for a websocket as browsers do.

        Args:
            port: of the loopback address.
            path: with its query.
            receive_buffer: bytes that the kernel takes for a peer that does not read.
            headers: Origin, Cookie and the like.

        Raises:
            Refused: the answer was not 101.
        """
        raw = socket.socket()
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.connect(("127.0.0.1", port))
        listener = cls(raw)
        raw.sendall(_request(port, path, headers))
        listener.take_answer()
        return listener

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.raw.close()

    def take_answer(self) -> Message:
        """The headers of the handshake's answer. Raises `Refused`."""
        deadline = _deadline()
        while b"\r\n\r\n" not in self._received:
            assert self._read(deadline), "the desk closed the connection before it answered"
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, _, rest = head.partition(b"\r\n")
        self.answered = BytesParser().parse(io.BytesIO(rest), headersonly=True)
        if first.split()[1] != b"101":
            self.raw.close()
            raise Refused(int(first.split()[1]), self.answered)
        return self.answered

    def frame(self, deadline: float | None = None) -> Frame | None:
        """The next frame as it came; None once the desk has ended the connection."""
        deadline = deadline or _deadline()
        while (found := _split(self._received)) is None:
            if not self._read(deadline):
                return None
        frame, self._received = found
        assert frame.first in (TEXT, CLOSE, PING, PONG), f"no frame begins with {frame.first:#x}"
        return frame

    def news(self) -> str:
        """The next text that is no heartbeat nor about the agent's own status; pings are answered meanwhile."""
        return next(text for text in self.texts() if 'id="own-status"' not in text)

    def texts(self) -> Iterator[str]:
        """Texts that are no heartbeats, until the desk says good-bye or is gone."""
        deadline = _deadline()
        while (frame := self.frame(deadline)) is not None and frame.first != CLOSE:
            if frame.first == PING:
                self.say(PONG, frame.payload)
            elif frame.first == TEXT and (text := frame.payload.decode()) != BEAT:
                yield text
                deadline = _deadline()

    def close_code(self) -> int | None:
        """With which code the desk says good-bye; None when it goes without a word."""
        deadline = _deadline()
        while (frame := self.frame(deadline)) is not None:
            if frame.first == CLOSE:
                self.say(CLOSE, frame.payload)
                return int(struct.unpack(">H", frame.payload[:2])[0])
        return None

    def say(self, first: int, payload: bytes) -> None:
        """Send a small frame, masked as those of browsers are."""
        mask = os.urandom(4)
        hidden = bytes(byte ^ key for byte, key in zip(payload, cycle(mask), strict=False))
        self.raw.sendall(bytes((first, 0x80 | len(payload))) + mask + hidden)

    def _read(self, deadline: float) -> bytes:
        self.raw.settimeout(max(deadline - monotonic(), 0.001))
        try:
            data = self.raw.recv(1 << 16)
        except ConnectionResetError:
            return b""
        self._received += data
        return data


def _deadline() -> float:
    return monotonic() + PATIENCE_SECONDS


def _request(port: int, path: str, headers: dict[str, str]) -> bytes:
    fixed = {
        "Host": f"127.0.0.1:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Extensions": DEFLATE,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**fixed, **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _split(data: bytes) -> tuple[Frame, bytes] | None:
    """The first frame in `data` and what follows it, or None while it is not whole."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    assert size < 128, "a server masks nothing"
    if size > 125:
        start += 2 if size == 126 else 8
        size = int.from_bytes(data[2:start])
    if len(data) < start + size:
        return None
    return Frame(data[0], data[start : start + size]), data[start + size :]
