"""A link between a browser and the desk that can be harmed: cut, closed, half-dead or slow. Loopback only."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

_CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)
_UPGRADE = b"upgrade: websocket"


class Way(Enum):
    """Which way bytes go: DOWN is from the desk to the browser."""

    UP = "up"
    DOWN = "down"


@dataclass
class _Connection:
    """A browser's connection and ours to the desk."""

    near: socket.socket
    far: socket.socket
    is_socket: bool = False
    swallowed: set[Way] = field(default_factory=set)
    down_per_second: int = 0
    ended: set[Way] = field(default_factory=set)
    closed: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        """End both sides at once, as a router does that has forgotten the connection."""
        self.closed.set()
        for end in (self.near, self.far):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RD)  # wakes whoever reads from it; only then does closing reset it
            end.close()


class WeakLink:
    """A TCP proxy on a loopback port, a thread for each direction.

    What is done to "sockets" concerns the websockets that are open at that moment; those that come later are whole, as
    after a router has forgotten old connections.
    """

    def __init__(self, port: int) -> None:
        self._desk = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._connections: list[_Connection] = []
        self._is_closed = False
        self.upgrades = 0
        self.refused = 0
        self.port = int(self._server.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    @property
    def sockets(self) -> int:
        """How many websockets go through it now."""
        return sum(connection.is_socket for connection in self._open())

    def cut(self) -> None:
        """Reset every connection; new ones may come."""
        for connection in self._open():
            connection.reset()

    def close(self) -> None:
        """Reset every connection, and new ones as soon as they come, until `restore`."""
        self._is_closed = True
        self.cut()

    def swallow(self, way: Way) -> None:
        """Let sockets live, but nothing get through one way; neither end is told."""
        for connection in self._open():
            if connection.is_socket:
                connection.swallowed.add(way)

    def slow_down(self, bytes_per_second: int) -> None:
        """Let the desk's words reach sockets only that fast; what waits, waits at the desk."""
        for connection in self._open():
            if connection.is_socket:
                connection.down_per_second = bytes_per_second

    def restore(self) -> None:
        """Take new connections again and let the slow ones run. Half-dead ones stay so."""
        self._is_closed = False
        for connection in self._open():
            connection.down_per_second = 0

    def _open(self) -> list[_Connection]:
        with self._lock:
            self._connections = [each for each in self._connections if not each.closed.is_set()]
            return list(self._connections)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        far = socket.socket()
        connection = _Connection(near, far)
        try:
            if self._is_closed:
                self.refused += 1
                raise ConnectionRefusedError
            far.connect(self._desk)
        except OSError:
            connection.reset()
            return
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._connections.append(connection)
        threading.Thread(target=self._pump, args=(connection, Way.DOWN), daemon=True).start()
        self._pump(connection, Way.UP)

    def _pump(self, connection: _Connection, way: Way) -> None:
        source, target = (connection.near, connection.far) if way is Way.UP else (connection.far, connection.near)
        try:
            while data := source.recv(_CHUNK):
                if way is Way.UP and not connection.is_socket and _UPGRADE in data.lower():
                    connection.is_socket = True
                    self.upgrades += 1
                _deliver(connection, way, target, data)
            if way not in connection.swallowed:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            if not connection.swallowed & {way, Way.DOWN}:
                connection.reset()
        connection.ended.add(way)
        if len(connection.ended) == len(Way):
            connection.reset()


def _deliver(connection: _Connection, way: Way, target: socket.socket, data: bytes) -> None:
    """Pass data on: at once, a tenth of a second's worth at a time, or not at all."""
    while data and way not in connection.swallowed:
        is_slow = way is Way.DOWN and connection.down_per_second > 0
        portion = max(1, connection.down_per_second // 10) if is_slow else len(data)
        target.sendall(data[:portion])
        data = data[portion:]
        if is_slow:
            connection.closed.wait(0.1)
