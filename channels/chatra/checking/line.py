"""An adapter whose every call is kept, and how an answer is told in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.base import ChannelError
from channels.chatra.adapter import ChatraAdapter
from channels.chatra.values import Json, record
from channels.http import Exchange, HttpClient

ANY_STATUS = range(100, 600)
# No answer, too many calls, a gateway without a server behind it.
PASSING = frozenset({0, 429, 502, 503, 504})
_MOST_SHOWN = 160


class Line:
    """The way to Chatra. `exchanges` are all calls so far, oldest first."""

    def __init__(self, adapter: ChatraAdapter) -> None:
        self.exchanges: list[Exchange] = []
        http = HttpClient(trusted=(adapter.base_url,), witness=self.exchanges.append)
        self.adapter = replace(adapter, http=http)

    @property
    def last(self) -> Exchange:
        """The latest call."""
        return self.exchanges[-1]

    @property
    def answer(self) -> Json:
        """The object that it brought, an empty one where it brought none."""
        return record(self.last.body)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Exchange:
        """Make a call that the adapter has no word for. Raises `ChannelError` where no answer came."""
        self.adapter.call(method, path, body, accept=ANY_STATUS)
        return self.last


def told(exchange: Exchange) -> str:
    """Status and answer in one line: of an object that was asked for its keys, of anything else its beginning."""
    if is_taken(exchange) and isinstance(exchange.body, dict):
        return f"{exchange.status}, {keys(exchange.body)}"
    shown = exchange.raw.decode("utf-8", "replace") if exchange.body is None else json.dumps(exchange.body)
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in shown).split())
    cut = shown[:_MOST_SHOWN] + ("…" if len(shown) > _MOST_SHOWN else "")
    return f"{exchange.status} {cut or '(empty)'}"


def keys(answer: Json) -> str:
    """The keys of an answer, for people."""
    return f"keys {', '.join(sorted(answer))}" if answer else "nothing that could be read"


def is_taken(exchange: Exchange) -> bool:
    """Whether Chatra did what was asked."""
    return 200 <= exchange.status < 300


def failure(line: Line, error: ChannelError) -> str:
    """What Chatra answered instead of what was hoped for. Raises the error again where that says nothing lasting."""
    if not line.exchanges or line.last.status in PASSING:
        raise error
    return told(line.last)
