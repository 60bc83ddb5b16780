"""The whole walk: keys and errors, a visitor, the webhooks so far, and on request sending."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from channels.base import ChannelError
from channels.chatra.checking import sending, visitor, webhooks
from channels.chatra.checking.line import Line, failure, told
from channels.checking import Ground, Point, settled, unsettled

_WRONG_SECRET = "deskbell0wrong0key".ljust(48, "0")
NO_MESSAGE = "deskbe22nomessage"
_LIMIT_WORDS = ("ratelimit", "rate-limit", "retry-after")


def walk(line: Line, ground: Ground) -> Generator[Point]:
    """Look at one point after the other; with an agent in `ground` messages are sent and taken away again.

    Raises `ChannelError` where nothing can be looked at: the keys are refused, or Chatra does not answer.
    """
    yield from _keys(line)
    for part in (_errors(line), visitor.visitor(line, ground.visitor), webhooks.so_far(ground.earlier)):
        yield from _as_far_as_it_goes(line, part)
    if ground.agent and ground.visitor:
        yield from _as_far_as_it_goes(line, sending.sending(line, ground, ground.agent))
    yield _limits(line)


def _as_far_as_it_goes(line: Line, part: Iterator[Point]) -> Iterator[Point]:
    """One call without an answer ends its part of the walk only."""
    try:
        yield from part
    except ChannelError as error:
        yield unsettled("§1.9", f"{line.last.method} of the call before", error.reason)


def _keys(line: Line) -> Iterator[Point]:
    try:
        line.adapter.connect()
    except ChannelError as error:
        if error.broken:
            raise
        yield settled("§1.1", "whether the keys are taken", failure(line, error), agrees=False)
        return
    yield settled("§1.1", "whether the keys are taken", "yes", agrees=True)
    yield settled("§1.9", "an unknown visitor", told(line.last), agrees=line.last.status == 404)


def _errors(line: Line) -> Iterator[Point]:
    """What is answered where something is wrong; the adapter acts on the status alone."""
    yield _wrong_key(line)
    path = line.ask("GET", "/deskbell-check")
    yield settled("§1.3", "a path that does not exist", told(path), agrees=path.status >= 400)
    message = line.ask("GET", f"/messages/{NO_MESSAGE}")
    yield settled("§1.9", "an unknown message", told(message), agrees=message.status == 404)


def _wrong_key(line: Line) -> Point:
    keys = {**line.adapter.connection.credentials, "secret_key": _WRONG_SECRET}
    stranger = replace(line.adapter, connection=replace(line.adapter.connection, credentials=keys))
    try:
        stranger.connect()
    except ChannelError as error:
        return settled("§1.9", "a wrong secret key", failure(line, error), agrees=error.broken)
    return settled("§1.9", "a wrong secret key", told(line.last), agrees=False)


def _limits(line: Line) -> Point:
    found = {name for exchange in line.exchanges for name in exchange.headers if _tells_limits(name)}
    if found:
        return settled("§1.9", "headers that tell of limits", ", ".join(sorted(found)), agrees=True)
    return unsettled("§1.9", "headers that tell of limits", f"none in {len(line.exchanges)} answers")


def _tells_limits(header: str) -> bool:
    return any(word in header for word in _LIMIT_WORDS)
