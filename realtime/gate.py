"""The gate in front of the app: what has to happen to a websocket before flask-sock sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .places import Places
from .socket import OutboundSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PLACE = "deskbell.place"
_RAW_SOCKETS = ("gunicorn.socket", "werkzeug.socket")


class WebsocketGate:
    """WSGI middleware. Answers 503 when there is no place left and readies the other sockets.

    The extensions header goes because per-message deflate costs 150 KB for every socket (docs/adr/0002).
    """

    def __init__(self, app: WSGIApplication, places: Places) -> None:
        self._app = app
        self._places = places

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the request through."""
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            return self._app(environ, start_response)
        place = self._places.take(environ.get("PATH_INFO", ""), environ.get("REMOTE_ADDR", ""))
        if place is None:
            start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Length", "0")])
            return [b""]
        environ[PLACE] = place
        try:
            self._ready(environ)
            return self._app(environ, start_response)
        finally:
            if not place.is_kept:
                place.give_back()

    @staticmethod
    def _ready(environ: WSGIEnvironment) -> None:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        for key in _RAW_SOCKETS:
            if key in environ:
                environ[key] = OutboundSocket(environ[key])
