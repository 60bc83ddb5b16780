"""What a line of a connection's log carried, as a person reads it. Keys are part of neither: they travel in headers."""

from __future__ import annotations

import json
from typing import Any

from extensions import db
from models import Agent, Channel, InboxItem, OutboxItem
from models.stream import stream_key

# What a page can show without becoming slow; a delivery may have a megabyte.
LONGEST = 200_000


def of_delivery(channel: Channel, item_id: int) -> str | None:
    """What this channel sent, None where there is no such delivery."""
    item = db.session().get(InboxItem, item_id)
    if item is None or item.channel_id != channel.id:
        return None
    try:
        return _readable(json.loads(item.body))
    except (ValueError, RecursionError):
        return item.body.decode("utf-8", "replace")[:LONGEST]


def of_call(channel: Channel, item_id: int) -> str | None:
    """What this channel was to be told, in the desk's words; None where there is no such call.

    Of a message that was deleted its words are gone here, too.
    """
    item = db.session().get(OutboxItem, item_id)
    if item is None or item.channel_id != channel.id:
        return None
    message, is_deleted = item.message, item.message.deleted_at is not None
    agent = db.session().get(Agent, message.agent_id) if message.agent_id else None
    told = {
        "verb": item.verb,
        "conversation": item.stream.removeprefix(stream_key(channel.id, "")),
        "message": message.id,
        "part": item.part or None,
        "id": item.external_id,
        "agent": {"name": agent.name, "email": agent.email} if agent is not None else None,
        "deleted": is_deleted or None,
        "text": "" if is_deleted else item.text,
        "files": [file.name for file in message.attachments if file.public_id in item.files],
    }
    return _readable({name: value for name, value in told.items() if value not in (None, "", [])})


def _readable(body: Any) -> str:  # noqa: ANN401  JSON values
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()[:LONGEST]
