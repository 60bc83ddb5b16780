"""One websocket of a browser: frames are built once, sent without blocking, and a peer that lags is cut off.

flask-sock hands us a simple_websocket server. Its `sock` is our `OutboundSocket`, so that every writer, its own
pongs included, goes through one ordered buffer (docs/adr/0002).
"""

from __future__ import annotations

import errno
import logging
import socket
import struct
import threading
from typing import Any

from wsproto.events import CloseConnection
from wsproto.utilities import LocalProtocolError

log = logging.getLogger(__name__)

SERVICE_RESTART = 1012
_LARGEST_BACKLOG = 256 * 1024
_KERNEL_BUFFER = 128 * 1024
_TEXT_FRAME = 0x81


def text_frame(text: str) -> bytes:
    """A whole, unmasked text frame (RFC 6455 §5.2)."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return bytes((_TEXT_FRAME, size)) + data
    if size < 65536:
        return struct.pack(">BBH", _TEXT_FRAME, 126, size) + data
    return struct.pack(">BBQ", _TEXT_FRAME, 127, size) + data


class OutboundSocket:
    """The socket that simple_websocket writes to: one ordered buffer, so that no frame is torn and no writer waits."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.backlog = bytearray()
        self._lock = threading.Lock()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self.raw.fileno()

    def recv(self, size: int) -> bytes:
        """Read like a socket."""
        return self.raw.recv(size)

    def close(self) -> None:
        """Close like a socket."""
        self.raw.close()

    def send(self, data: bytes) -> int:
        """Send what the kernel takes now, keep the rest. Raises `OSError` for a peer that is gone or lags too far."""
        with self._lock:
            sent = 0 if self.backlog else self._send_now(data)
            if len(self.backlog) + len(data) - sent > _LARGEST_BACKLOG:
                raise OSError(errno.ENOBUFS, "the browser does not keep up")
            self.backlog += data[sent:]
            return len(data)

    def drain(self) -> bool:
        """Send what was kept; tells whether nothing is left."""
        with self._lock:
            if self.backlog:
                del self.backlog[: self._send_now(self.backlog)]
            return not self.backlog

    def _send_now(self, data: bytes | bytearray) -> int:
        try:
            return self.raw.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0


class Connection:
    """A browser that listens."""

    def __init__(self, server: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
        self._server = server
        self._sock: OutboundSocket = server.sock
        self._wake: threading.Event = server.event
        self._closing = False

    def push(self, frame: bytes) -> None:
        """Send a frame; called by the hub's threads, never blocks."""
        if self._closing:
            return
        try:
            self._sock.send(frame)
        except OSError as error:
            self._cut_off(str(error))
            return
        if self._sock.backlog:
            self._wake.set()

    def close(self, code: int) -> None:
        """Say good-bye with a close code. Goes through wsproto, so that the peer's answer is not answered again."""
        if self._closing:
            return
        self._closing = True
        try:
            self._sock.send(self._server.ws.send(CloseConnection(code)))
        except (OSError, LocalProtocolError):
            log.debug("the browser left before it was told to")
        self._server.connected = False
        self._wake.set()

    def serve(self) -> None:
        """Stay in the request's thread and send what the hub could not, until the browser leaves."""
        try:
            while self._server.connected:
                self._wake.wait(15)
                self._wake.clear()
                while self._server.connected and not self._sock.drain():
                    self._wake.wait(0.02)
        except OSError:
            log.debug("the browser left while it was being written to")
        finally:
            self._leave()

    def _leave(self) -> None:
        self._server.connected = False
        if self._closing:
            self._server.thread.join(1)
        # Without this gunicorn waits up to two seconds for the peer, in its accept loop (docs/adr/0002).
        self._shut_down()

    def _cut_off(self, why: str) -> None:
        """Reset the connection; the browser comes back and fetches what it missed."""
        self._closing = True
        log.info("a socket was closed: %s", why)
        self._server.connected = False
        self._shut_down()
        self._wake.set()

    def _shut_down(self) -> None:
        try:
            self._sock.raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the socket was closed already")
