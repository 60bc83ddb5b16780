"""Which sites may talk to the widget's addresses: CORS without credentials (Fetch standard §3.2)."""

from __future__ import annotations

from flask import Response, abort, request

from models import Widget
from services.exchange import widgets

_KEEP_PREFLIGHT_SECONDS = 7200


def refuse_foreign_sites(widget: Widget) -> None:
    """Abort with 403 unless this page may use the widget; our own pages and programs without an origin may."""
    origin = request.headers.get("Origin", "")
    if origin and origin != request.host_url.rstrip("/") and not widgets.allows(widget, origin):
        abort(403, "This site is not on the widget's list of allowed sites.")


def preflight() -> Response:
    """The answer to OPTIONS: what a page may send."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "GET, POST"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Max-Age"] = str(_KEEP_PREFLIGHT_SECONDS)
    return response


def share(response: Response) -> Response:
    """Let the page read the answer, unless it was refused."""
    response.vary.add("Origin")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    origin = request.headers.get("Origin")
    if origin and response.status_code != 403:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response
