"""The gate in front of the app: what has to happen to a websocket before flask-sock sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .hub import Hub
from .socket import OutboundSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_RAW_SOCKETS = ("gunicorn.socket", "werkzeug.socket")


class WebsocketGate:
    """WSGI middleware. Refuses sockets above the hub's capacity with 503 and readies the others.

    The extensions header goes because per-message deflate costs 150 KB for every socket (docs/adr/0002).
    """

    def __init__(self, app: WSGIApplication, hub: Hub) -> None:
        self._app = app
        self._hub = hub

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the request through."""
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            return self._app(environ, start_response)
        if not self._hub.enter():
            start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Length", "0")])
            return [b""]
        try:
            self._ready(environ)
            return self._app(environ, start_response)
        finally:
            self._hub.exit()

    @staticmethod
    def _ready(environ: WSGIEnvironment) -> None:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        for key in _RAW_SOCKETS:
            if key in environ:
                environ[key] = OutboundSocket(environ[key])
