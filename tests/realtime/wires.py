"""Both ends of a websocket in the test's own process, over a real connection."""

from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from simple_websocket import Server

from realtime.connection import Connection, NoThread
from realtime.socket import OutboundSocket
from tests.realtime.listening import PATIENCE_SECONDS, Listener


@contextmanager
def wire(receive_buffer: int | None = None) -> Iterator[tuple[OutboundSocket, Listener]]:
    """The desk's socket and the browser's; `receive_buffer` as for `Listener.knock`."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as far:
        if receive_buffer is not None:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        far.connect(server.getsockname())
        near, _ = server.accept()
        far.settimeout(PATIENCE_SECONDS)
        with near:
            yield OutboundSocket(near), Listener(far)


@contextmanager
def connected(receive_buffer: int | None = None) -> Iterator[tuple[Connection, Listener]]:
    """A browser that listens, after the handshake, and its own end."""
    with wire(receive_buffer) as (near, listener):
        environ = {
            "werkzeug.socket": near,
            "HTTP_HOST": "desk.example",
            "HTTP_CONNECTION": "Upgrade",
            "HTTP_UPGRADE": "websocket",
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
            "HTTP_SEC_WEBSOCKET_KEY": b64encode(os.urandom(16)).decode(),
        }
        server = Server.accept(environ, thread_class=NoThread)
        listener.take_answer()
        connection = Connection.take_over(server)
        try:
            yield connection, listener
        finally:
            listener.raw.close()
            connection.sock.raw.close()
