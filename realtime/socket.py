"""The desk's end of one browser's connection: one ordered buffer, so that no frame is torn and no writer waits."""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct
import threading
from contextlib import suppress

log = logging.getLogger(__name__)

_LARGEST_BACKLOG = 256 * 1024
_KERNEL_BUFFER = 128 * 1024
_ONE_READ = 4096


class OutboundSocket:
    """What simple_websocket shakes hands over and what every writer goes through afterwards."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.backlog = bytearray()
        self._lock = threading.Lock()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)

    def leave_server(self) -> None:
        """Take the connection out of the web server's hands, which keeps its thread for the next request.

        The connection goes on under a descriptor of ours. The server's own one is put on a socket whose other end is
        gone: whatever it does there to say good-bye ends at once (docs/adr/0011).
        """
        ours = self.raw.dup()
        ours.setblocking(False)
        dead, far = socket.socketpair()
        with dead, far:
            os.dup2(dead.fileno(), self.raw.fileno(), inheritable=False)
        self.raw = ours

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self.raw.fileno()

    def recv(self, size: int = _ONE_READ) -> bytes:
        """Read like a socket."""
        return self.raw.recv(size)

    def close(self) -> None:
        """End the connection and close the socket, while nobody writes: its number may be another's at once."""
        with self._lock:
            self.raw.close()

    def shut_down(self) -> None:
        """End the connection; whoever reads the socket notices."""
        with self._lock:
            self._shut_down(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End it without what is still under way: a browser that lags has to learn of the end at once."""
        with self._lock, suppress(OSError):
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._shut_down(socket.SHUT_RD)

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

    def _shut_down(self, how: int) -> None:
        try:
            self.raw.shutdown(how)
        except OSError:
            log.debug("the connection had ended already")

    def _send_now(self, data: bytes | bytearray) -> int:
        try:
            return self.raw.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
