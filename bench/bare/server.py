"""The bare minimum on the same server software: a ping, and a socket that says what Redis publishes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import redis
from flask import Flask
from flask_sock import Sock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CHANNEL = "raw"


class Uncompressed(Flask):
    """Frames are left as they are, as in the desk: per-message deflate costs memory and time."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return super().__call__(environ, start_response)


app = Uncompressed(__name__)
sock = Sock(app)
server = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://"))


@app.get("/ping")
def ping() -> str:
    """The least that a page can be."""
    return "pong"


@sock.route("/echo")  # type: ignore[untyped-decorator]
def echo(peer: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
    """Hand on whatever is published."""
    with server.pubsub() as listener:  # type: ignore[no-untyped-call]
        listener.subscribe(CHANNEL)
        for message in listener.listen():
            peer.send(message["data"].decode() if message["type"] == "message" else "ready")


@sock.route("/idle")  # type: ignore[untyped-decorator]
def idle(peer: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
    """A socket with nothing to say."""
    peer.receive()
