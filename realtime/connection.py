"""One browser that listens: what it is sent, what it says, and when it is given up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from wsproto import WSConnection
from wsproto.events import CloseConnection, Event, Message, Ping, Pong
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import ProtocolError

from .frames import BEAT, PING
from .socket import OutboundSocket

log = logging.getLogger(__name__)

SERVICE_RESTART = 1012
# Of the range that applications may use as they like; browsers take it as final (static/js/live.js).
SESSION_OVER = 4401
_PATIENCE_SECONDS = 2.0


class NoThread:
    """What simple_websocket gets instead of a thread for each socket: the reader reads them all."""

    name = ""

    def __init__(self, target: object) -> None:
        """Take the place of `threading.Thread`."""

    def start(self) -> None:
        """Start nothing."""


class Connection:
    """A browser after its handshake.

    `push` may be called by any thread. Everything else belongs to the reader's thread, which alone closes the socket.
    """

    def __init__(self, protocol: WSConnection, sock: OutboundSocket) -> None:
        self.sock = sock
        self.is_over = False
        self.wants_to_write: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None
        self._protocol = protocol
        self._answered = True
        self._asked = False
        self._closing_since: float | None = None

    @classmethod
    def take_over(cls, server: Any) -> Connection:  # noqa: ANN401  simple_websocket is untyped
        """Go on where simple_websocket's server shook hands; that one is done, and so is the request it came in."""
        sock: OutboundSocket = server.sock
        sock.leave_server()
        server.connected = False
        return cls(server.ws, sock)

    @property
    def is_closing(self) -> bool:
        """Whether good-bye was said and the browser's answer is awaited."""
        return self._closing_since is not None

    def push(self, frame: bytes) -> None:
        """Send a frame; never blocks."""
        if self.is_over or self.is_closing:
            return
        self._send(frame)

    def beat(self) -> None:
        """Show that the desk is there and ask whether the browser is; give up one that did not answer last time."""
        if not self._answered:
            self._cut_off("the browser does not answer")
            return
        self._answered = False
        self.push(BEAT + PING)

    def close(self, code: int) -> None:
        """Say good-bye with a close code. Goes through wsproto, so that the peer's answer is not answered again."""
        if not self.is_over and not self.is_closing:
            self._closing_since = monotonic()
            self._send(self._protocol.send(CloseConnection(code)))

    def hear(self) -> None:
        """Take in what the browser has sent."""
        try:
            data = self.sock.recv()
            if not data:
                self.is_over = True
                return
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                self._take(event)
        except BlockingIOError:
            return
        except ConnectionError:
            self.is_over = True
        except (OSError, ProtocolError) as error:
            self._cut_off(str(error))

    def drain(self) -> bool:
        """Send what could not be sent before; tells whether nothing is left."""
        self._asked = False
        try:
            return self.sock.drain()
        except OSError as error:
            self._cut_off(str(error))
            return True

    def lose_patience(self) -> None:
        """Go without the browser's answer to our good-bye, once it is overdue."""
        if self._closing_since is not None and monotonic() - self._closing_since > _PATIENCE_SECONDS:
            self.is_over = True

    def end(self) -> None:
        """Close the socket and tell the hub."""
        self.is_over = True
        self.sock.close()
        self.on_end()

    def _take(self, event: Event) -> None:
        match event:
            case Ping():
                self._send(self._protocol.send(event.response()))
            case Pong():
                self._answered = True
            case CloseConnection():
                self._part(event)
            case Message():
                # People send by HTTP; whoever talks here is not one of our pages.
                self.close(CloseReason.POLICY_VIOLATION)

    def _part(self, event: CloseConnection) -> None:
        if not self.is_closing:
            self._send(self._protocol.send(event.response()))
        self.is_over = True

    def _send(self, data: bytes) -> None:
        try:
            self.sock.send(data)
        except ConnectionError:
            # The reader notices; only its thread may let go of a browser.
            self.sock.shut_down()
            return
        except OSError as error:
            self._cut_off(str(error))
            return
        if self.sock.backlog and not self._asked:
            self._asked = True
            self.wants_to_write()

    def _cut_off(self, why: str) -> None:
        """Reset the connection; the browser comes back and fetches what it missed."""
        if not self.is_over:
            self.is_over = True
            log.info("a socket was closed: %s", why)
            self.sock.reset()
