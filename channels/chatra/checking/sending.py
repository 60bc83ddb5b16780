"""Messages to one visitor, sent, found again, changed and taken away (chatra.md §1.3–§1.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from channels.base import AgentData, ChannelError, Outbound
from channels.chatra import schemas
from channels.chatra.checking import sent
from channels.chatra.checking.echoes import echoes, id_of, told_of_edit
from channels.chatra.checking.line import Line, failure, is_taken, keys, told
from channels.chatra.checking.refusals import long_texts, refusals
from channels.chatra.checking.sent import Sent
from channels.chatra.values import Json, moment, text
from channels.checking import Ground, Point, settled


def sending(line: Line, ground: Ground, agent: AgentData) -> Iterator[Point]:
    """Send as this agent and as nobody. Nothing is left behind that can be found, even if the walk breaks off.

    Raises `ChannelError` where no answer came.
    """
    message = sent.new(Outbound(ground.visitor, "", agent.name, agent.email))
    pushed = sent.new(Outbound(ground.visitor, ""))
    try:
        yield from _exchanged(line, ground, message, pushed)
    finally:
        for left in (message, pushed):
            if left.id and not left.gone:
                with suppress(ChannelError):
                    line.adapter.delete(left.change)
    yield from refusals(line, message)
    yield from long_texts(line, message)


def _exchanged(line: Line, ground: Ground, message: Sent, pushed: Sent) -> Iterator[Point]:
    yield _send(line, ground, "§1.4", "a message in an agent's name", message)
    if message.id:
        yield from _read_back(line, message)
    yield _send(line, ground, "§1.5", "a pushed message", pushed)
    yield from echoes(line, ground, message, pushed)
    for one in (message, pushed):
        if one.id:
            yield from _changes(line, one)
    if message.id:
        yield told_of_edit(line, ground, message)


def _send(line: Line, ground: Ground, section: str, asked: str, message: Sent) -> Point:
    """A message without an id cannot be edited or told apart later, so it is as bad as none.

    One that was cut off may be there all the same: its webhook tells by which id it can be taken away.
    """
    try:
        message.id = line.adapter.perform(message.item).external_id
    except ChannelError as error:
        if error.uncertain:
            message.id = id_of(line, ground, message)
            if not message.id:
                raise ChannelError(f"{error.reason} If it was sent all the same, it is left behind.") from error
        return settled(section, asked, failure(line, error), agrees=False)
    shown = told(line.last)
    return settled(
        section, asked, shown if message.id else f"{shown}: no id, so it is left behind", agrees=bool(message.id)
    )


def _read_back(line: Line, message: Sent) -> Iterator[Point]:
    exchange = line.ask("GET", message.path)
    if not is_taken(exchange):
        yield settled("§1.3", "reading a message back", told(exchange), agrees=False)
        return
    found = line.answer
    yield settled("§1.6", "its text", _places(found, message.mark), agrees=found.get("text") == message.item.text)
    yield settled("§1.6", "its type", repr(found.get("type")), agrees=found.get("type") == "agent")
    times = [f"{key} ({type(found[key]).__name__})" for key in ("createdAt", "timestamp") if moment(found.get(key))]
    yield settled("§1.6", "key and form of its time", ", ".join(times) or keys(found), agrees=bool(times))
    origin = found.get("receivedFrom")
    yield settled("§1.4", "receivedFrom on it", repr(origin), agrees=origin == schemas.OUR_NAME)


def _places(found: Json, mark: str) -> str:
    return ", ".join(f"under {key}" for key, value in found.items() if mark in text(value)) or "not there"


def _changes(line: Line, message: Sent) -> Iterator[Point]:
    """Other words, then none."""
    name = "a message" if message.item.agent_email else "a pushed message"
    yield _done(line, f"editing {name}", lambda: line.adapter.edit(message.change))
    exchange = line.ask("GET", message.path)
    is_edited = line.answer.get("text") == message.edited
    yield settled("§1.3", f"{name} that was edited", told(exchange), agrees=is_edited)
    yield _done(line, f"deleting {name}", lambda: line.adapter.delete(message.change))
    message.gone = is_taken(line.last)
    yield _done(line, f"deleting {name} again", lambda: line.adapter.delete(message.change))
    exchange = line.ask("GET", message.path)
    yield settled("§1.3", f"{name} that was deleted", told(exchange), agrees=exchange.status == 404)


def _done(line: Line, asked: str, call: Callable[[], None]) -> Point:
    try:
        call()
    except ChannelError as error:
        return settled("§1.3", asked, failure(line, error), agrees=False)
    return settled("§1.3", asked, told(line.last), agrees=True)
