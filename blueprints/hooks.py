"""Webhooks: what vendors send is stored and acknowledged; a worker makes something of it."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, jsonify, request

from channels.base import Delivery
from services.exchange import channels, intake

from .connecting import adapter_of

bp = Blueprint("hooks", __name__)

LARGEST_BODY = 1024 * 1024


@bp.post("/hooks/<kind>/<token>")
def receive(kind: str, token: str) -> Response:
    """Take one delivery: 404 for a wrong token, 413 over 1 MiB, 400 for what is no JSON object, else stored and 200."""
    channel = channels.by_hook_token(kind, token)
    if channel is None:
        abort(404)
    raw = _body()
    delivery = Delivery(raw=raw, body=_json_object(raw), nonce=intake.new_nonce(), headers=dict(request.headers))
    intake.accept(channel, adapter_of(channel), delivery)
    return jsonify(ok=True)


def _body() -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)
    raw = request.stream.read(LARGEST_BODY + 1)
    if len(raw) > LARGEST_BODY:
        abort(413)
    return bytes(raw)


def _json_object(raw: bytes) -> dict[str, object]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(body, dict):
        abort(400)
    return body
