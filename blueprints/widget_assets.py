"""The widget's own files: joined, packed and hashed once per process."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Response, abort, request

_SOURCE = Path(__file__).parent.parent / "widget_js"
# The panel is one script, so that a bad connection fails it as a whole and can try it again. This is its order.
_PANEL = ("dom", "storage", "api", "chat", "outbox", "socket", "thread", "composer", "away", "attention", "panel")
_FILES = {
    "loader.js": ("loader.js",),
    "launcher.css": ("launcher.css",),
    "panel.css": ("panel.css",),
    "panel.js": tuple(f"panel/{name}.js" for name in _PANEL),
}
_LOADER_SECONDS = 300
_YEAR = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Asset:
    """A file as browsers get it."""

    body: bytes
    packed: bytes
    hash: str
    mimetype: str


def address(name: str) -> str:
    """The path of an asset; it changes with the content, so that browsers may keep it for ever."""
    return f"/widget/assets/{name}?v={_asset(name).hash}"


def loader() -> Response:
    """The script that a site embeds; its address never changes, so browsers ask again after five minutes."""
    return _serve(_asset("loader.js"), _LOADER_SECONDS)


def serve(name: str) -> Response:
    """An asset by name. Aborts with 404 for any other file."""
    if name not in _FILES:
        abort(404)
    asset = _asset(name)
    return _serve(asset, _YEAR if request.args.get("v") == asset.hash else _LOADER_SECONDS)


def pack(response: Response) -> Response:
    """An answer made for the moment, packed for browsers that take it so."""
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        response.data = gzip.compress(response.data, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


def _serve(asset: Asset, seconds: int) -> Response:
    packs = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.packed if packs else asset.body, mimetype=asset.mimetype)
    response.headers["Cache-Control"] = f"public, max-age={seconds}" + (", immutable" if seconds == _YEAR else "")
    response.vary.add("Accept-Encoding")
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{asset.hash}-gzip" if packs else asset.hash)
    response.make_conditional(request)
    return response


@cache
def _asset(name: str) -> Asset:
    parts = [(_SOURCE / part).read_text("utf-8") for part in _FILES[name]]
    text = "\n".join(parts)
    if len(parts) > 1:
        text = f'(() => {{\n"use strict";\n{text}}})();\n'
    body = text.encode()
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    return Asset(body, gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:16], kind)
