"""A crowd: sockets that are open, answer pings and hear what they are told, and have nothing to say."""

from __future__ import annotations

import resource
import selectors
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from flask import Flask

from blueprints.widget_auth import make_ticket
from models import Customer, Identity
from models.base import public_id

FILES_BESIDE = 200
SOCKETS_AN_ADDRESS = 5
SHAKE_SECONDS = 10.0
PING, TEXT = 0x89, 0x81
_REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n{headers}\r\n"
)


def tickets(app: Flask, count: int) -> list[str]:
    """The sockets' addresses of so many different customers; they last for half a minute."""
    with app.app_context():
        strangers = [Identity(customer=Customer(public_id=public_id())) for _ in range(count)]
        return [f"/widget/live?ticket={make_ticket(one)}" for one in strangers]


class Crowd:
    """Open sockets, each from a loopback address that it shares with few others. Use as a context manager.

    Args:
        port: of the desk.
        paths: one for each socket.
        cookies: of the agent to whom each socket belongs, none for customers.
    """

    def __init__(self, port: int, paths: Sequence[str], cookies: Sequence[str] = ()) -> None:
        self._port, self._paths, self._cookies = port, paths, cookies
        self._selector = selectors.DefaultSelector()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._answer_pings, name="crowd", daemon=True)
        self.open = 0

    def __enter__(self) -> Self:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, len(self._paths) + FILES_BESIDE)), hard))
        self._thread.start()
        for number, path in enumerate(self._paths):
            self._selector.register(self._joined(path, number), selectors.EVENT_READ)
            self.open += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def must_be_complete(self) -> None:
        """Raise `RuntimeError` unless every socket is still open."""
        if self.open != len(self._paths):
            raise RuntimeError(f"only {self.open} of {len(self._paths)} sockets are open")

    def _joined(self, path: str, number: int) -> socket.socket:
        address = number // SOCKETS_AN_ADDRESS
        source = f"127.0.{1 + address // 250}.{1 + address % 250}"
        headers = (
            f"Cookie: {self._cookies[number]}\r\nOrigin: http://127.0.0.1:{self._port}\r\n" if self._cookies else ""
        )
        raw = socket.create_connection(("127.0.0.1", self._port), SHAKE_SECONDS, (source, 0))
        raw.sendall(_REQUEST.format(path=path, port=self._port, headers=headers).encode())
        answer = raw.recv(4096)
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise RuntimeError(f"the desk refused a socket: {answer[:60]!r}")
        return raw

    def _answer_pings(self) -> None:
        while not self._leaving.is_set():
            for key, _ in self._selector.select(0.1):
                self._hear(key.fileobj)  # type: ignore[arg-type]

    def _hear(self, raw: socket.socket) -> None:
        data = raw.recv(4096)
        if not data:
            self._selector.unregister(raw)
            raw.close()
            self.open -= 1
        elif bytes((PING, 0)) in data:
            raw.sendall(bytes((0x8A, 0x80, 0, 0, 0, 0)))
