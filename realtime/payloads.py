"""What the widget hears, as plain data: the same in an answer, a catch-up and a push."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.base import Author
from models import Attachment, Case, Message, Widget
from services.conversations import visitor_chats
from services.conversations.attachments import signed_path
from services.exchange import widgets

Payload = dict[str, Any]


def chat(case: Case | None, messages: Sequence[Message], *, more: str = "") -> Payload:
    """A chat's state with some of its messages; `more` is the cursor to go on from when there are further ones.

    Notes are for agents alone: whatever is asked for, none leaves here.
    """
    rest = {"more": more} if more else {}
    return {**state(case), "messages": [message(said) for said in messages if not said.note], **rest}


def state(case: Case | None) -> Payload:
    """How a chat stands; `cursor` is what a browser gives back to hear what came later."""
    return {
        "state": visitor_chats.state_of(case).value,
        "case": case.id if case is not None else None,
        "agent": visitor_chats.agent_name(case),
        "cursor": visitor_chats.cursor(case),
    }


def offer(widget: Widget) -> Payload:
    """What the widget offers at the moment to one who has no chat under way."""
    return {"offer": widgets.offer(widget).value}


def message(said: Message) -> Payload:
    """One message.

    `client_id` is the id under which the visitor's own browser sent it, `changed` what an agent has done to it since.
    """
    return {
        "id": said.id,
        "position": said.position,
        "rev": said.rev,
        "case": said.case_id,
        "author": said.author,
        "name": said.author_name,
        "text": said.text,
        "at": said.said_at.isoformat(timespec="milliseconds"),
        "client_id": _client_id(said),
        "files": [_file(attachment) for attachment in said.attachments],
        "changed": _changed(said),
    }


def _changed(said: Message) -> str:
    """Whether it was "deleted" or "edited", or neither."""
    if said.deleted_at is not None:
        return "deleted"
    return "edited" if said.edited_at is not None else ""


def _client_id(said: Message) -> str | None:
    if said.author != Author.CUSTOMER or said.client_key is None:
        return None
    return said.client_key.rpartition(":")[2]


def _file(attachment: Attachment) -> Payload:
    return {
        "name": attachment.name,
        "url": signed_path(attachment),
        "media_type": attachment.media_type,
        "size": attachment.size,
        "image": attachment.shows_inline,
    }
