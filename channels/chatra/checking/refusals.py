"""What cannot be sent: to nobody, from nobody, too long (chatra.md §1.4, §1.9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from channels.base import ChannelError
from channels.chatra.checking.line import Line, failure, is_taken, told
from channels.chatra.checking.sent import Sent
from channels.chatra.schemas import OUR_NAME
from channels.chatra.values import Json, text
from channels.checking import Point, settled, unsettled

TOO_LONG = 6000
_NOBODY = "deskbell0nobody".ljust(39, "0")


def refusals(line: Line, message: Sent) -> Iterator[Point]:
    """Try what should not work."""
    stray = replace(message.item, conversation=_NOBODY)
    asked = "a message to an unknown visitor"
    try:
        line.adapter.perform(stray)
    except ChannelError as error:
        refused = error.permanent and not error.broken
        yield settled("§1.9", asked, failure(line, error), agrees=refused)
    else:
        yield settled("§1.9", asked, told(line.last), agrees=False)
        yield from _take_away(line)
    # Marked as ours, so that its webhook is not taken for somebody else's if Chatra takes it all the same.
    unsigned = {"clientId": message.item.conversation, "text": message.item.text, "receivedFrom": OUR_NAME}
    exchange = line.ask("POST", "/messages/", unsigned)
    yield settled("§1.4", "a message without an agent", told(exchange), agrees=True)
    yield from _take_away(line)


def long_texts(line: Line, message: Sent) -> Iterator[Point]:
    """Try a text over the limit that we keep to; if it is refused, one that just keeps to it."""
    longest = line.adapter.capabilities.longest_text
    exchange = line.ask("POST", "/messages/", _body(line, message, TOO_LONG))
    kept = len(text(line.answer.get("text"))) or TOO_LONG
    if is_taken(exchange):
        yield from _take_away(line)
        yield settled("§1.4", f"{TOO_LONG} characters", f"taken, {kept} of them kept", agrees=kept >= longest)
        return
    yield settled("§1.4", f"{TOO_LONG} characters", told(exchange), agrees=400 <= exchange.status < 500)
    exchange = line.ask("POST", "/messages/", _body(line, message, longest))
    is_whole = len(text(line.answer.get("text"))) in (0, longest)
    yield settled("§1.4", f"{longest} characters", str(exchange.status), agrees=is_taken(exchange) and is_whole)
    yield from _take_away(line)


def _body(line: Line, message: Sent, length: int) -> Json:
    """What the adapter has sent of this message, with a longer text."""
    sent = (exchange.sent for exchange in line.exchanges if exchange.method == "POST")
    body = next(body for body in sent if isinstance(body, dict) and body.get("text") == message.item.text)
    return {**body, "text": f"{message.item.text} ".ljust(length, ".")}


def _take_away(line: Line) -> Iterator[Point]:
    """Delete what the last call has sent, if it did; tell of what cannot be deleted."""
    if not is_taken(line.last):
        return
    sent = text(line.answer.get("id"))
    if not sent:
        yield unsettled("§1.3", "taking away what was sent", "it is left behind: no id was named")
    elif not is_taken(line.ask("DELETE", f"/messages/{quote(sent, safe='')}")):
        yield unsettled("§1.3", "taking away what was sent", f"it is left behind: {told(line.last)}")
