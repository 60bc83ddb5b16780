"""The reader: one thread that looks after all sockets of a process (docs/adr/0011)."""

from __future__ import annotations

import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

from .connection import Connection

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 12.0
_LOOK_AFTER_CLOSING_SECONDS = 0.25


class Reader:
    """Reads every socket, writes what a browser could not take at once, beats, and closes what is over."""

    def __init__(self, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._heartbeat = heartbeat_seconds
        self._connections: set[Connection] = set()
        self._closing: set[Connection] = set()
        self._wishes: deque[Callable[[], None]] = deque()
        self._empty = threading.Event()
        self._empty.set()

    def start(self) -> None:
        """Start the thread; after the fork, which neither threads nor selectors survive."""
        self._selector = selectors.DefaultSelector()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._bell, selectors.EVENT_READ)
        threading.Thread(target=self._run, daemon=True, name="sockets").start()

    def adopt(self, connection: Connection) -> None:
        """Look after this connection from now on."""
        self._empty.clear()
        connection.wants_to_write = lambda: self._soon(partial(self._watch, connection))
        self._soon(partial(self._add, connection))

    def close(self, connections: set[Connection], code: int) -> None:
        """Say good-bye to these browsers with this close code."""
        self._soon(partial(self._close, connections, code))

    def close_all(self, code: int) -> None:
        """Say good-bye to every browser with this close code."""
        self._soon(lambda: self._close(self._connections, code))

    def wait_until_empty(self, seconds: float) -> bool:
        """Wait for the last socket to be closed, so many seconds at most; tells whether it was."""
        return self._empty.wait(seconds)

    def _soon(self, wish: Callable[[], None]) -> None:
        """Have the reader's thread do something."""
        self._wishes.append(wish)
        os.eventfd_write(self._bell, 1)

    def _run(self) -> None:
        next_beat = monotonic() + self._heartbeat
        while True:
            for key, ready in self._selector.select(self._pause(next_beat)):
                if key.data is None:
                    self._grant_wishes()
                else:
                    self._do(partial(self._attend, ready=ready), key.data)
            if monotonic() >= next_beat:
                # From now on, not from when it was due: after a standstill browsers get their time to answer.
                next_beat = monotonic() + self._heartbeat
                self._for_each(self._connections, Connection.beat)
            self._for_each(self._closing, Connection.lose_patience)

    def _pause(self, next_beat: float) -> float:
        left = max(next_beat - monotonic(), 0)
        return min(left, _LOOK_AFTER_CLOSING_SECONDS) if self._closing else left

    def _grant_wishes(self) -> None:
        os.eventfd_read(self._bell)
        while self._wishes:
            wish = self._wishes.popleft()
            try:
                wish()
            except Exception:
                log.exception("a wish for the sockets was not granted")

    def _add(self, connection: Connection) -> None:
        try:
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
        except (OSError, ValueError):
            self._closing.discard(connection)
            connection.end()
            self._tell_if_empty()
            return
        self._connections.add(connection)
        self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Wait for room to write as well while something is left to be sent."""
        if connection in self._connections:
            wanted = selectors.EVENT_WRITE if connection.sock.backlog else 0
            self._selector.modify(connection.sock, selectors.EVENT_READ | wanted, connection)

    def _attend(self, connection: Connection, ready: int) -> None:
        if ready & selectors.EVENT_WRITE and connection.drain():
            self._watch(connection)
        if ready & selectors.EVENT_READ:
            connection.hear()

    def _for_each(self, connections: set[Connection], do: Callable[[Connection], None]) -> None:
        for connection in list(connections):
            self._do(do, connection)

    def _do(self, do: Callable[[Connection], None], connection: Connection) -> None:
        """Do something with a connection and let it go if it is over; whatever goes wrong concerns no other one."""
        try:
            do(connection)
        except Exception:
            log.exception("a socket could not be looked after")
            connection.is_over = True
        try:
            self._settle(connection)
        except Exception:
            log.exception("a socket could not be let go")

    def _close(self, connections: set[Connection], code: int) -> None:
        self._for_each(connections, lambda connection: connection.close(code))

    def _settle(self, connection: Connection) -> None:
        """Let go of a connection that is over, and remember one that is about to be."""
        if connection.is_over and connection in self._connections:
            self._remove(connection)
        elif connection.is_closing and not connection.is_over:
            self._closing.add(connection)

    def _remove(self, connection: Connection) -> None:
        self._selector.unregister(connection.sock)
        self._connections.discard(connection)
        self._closing.discard(connection)
        connection.end()
        self._tell_if_empty()

    def _tell_if_empty(self) -> None:
        if not self._connections:
            self._empty.set()
