"""Webhooks: what vendors send is stored and acknowledged; a worker makes something of it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from channels.base import Delivery, json_object
from services.exchange import channels, intake

from .connecting import adapter_of

bp = Blueprint("hooks", __name__)

LARGEST_BODY = 1024 * 1024


@bp.post("/hooks/<kind>/<token>")
def receive(kind: str, token: str) -> Response:
    """Take one delivery: 404 for a wrong token, 413 over 1 MiB, else stored and 200, whatever it is.

    What nobody can read is set aside with the reason, where administrators see it. The vendor's repeating it would not
    make it any better.
    """
    channel = channels.by_hook_token(kind, token)
    if channel is None:
        abort(404)
    raw = _body()
    delivery = Delivery(raw=raw, body=json_object(raw), nonce=intake.new_nonce(), headers=dict(request.headers))
    intake.accept(channel, adapter_of(channel), delivery)
    return jsonify(ok=True)


@bp.post("/hooks/")
@bp.post("/hooks/<path:_cut>")
def nowhere(_cut: str = "") -> Response:
    """404 for an address that was cut off: one that leads to the sign-in would look like a success."""
    abort(404)


def _body() -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)
    raw = request.stream.read(LARGEST_BODY + 1)
    if len(raw) > LARGEST_BODY:
        abort(413)
    return bytes(raw)
