"""What sockets listen to. The audience is decided when something is published, never by a browser's wish."""

from __future__ import annotations


def agent(agent_id: int) -> str:
    """Everything for one agent."""
    return f"agent:{agent_id}"


def agent_of(topic: str) -> int | None:
    """The agent to whom a topic belongs, None for another kind of topic."""
    kind, _, number = topic.partition(":")
    return int(number) if kind == "agent" else None


def browser(key: str) -> str:
    """What ends the sockets of one signed-in browser, all its tabs; named by the key of the sign-in."""
    return f"browser:{key}"


def key_of(topic: str) -> str | None:
    """The key of the sign-in to whose browser a topic belongs, None for another kind of topic."""
    kind, _, key = topic.partition(":")
    return key if kind == "browser" else None


def customer(public_id: str) -> str:
    """Everything for one customer's widgets."""
    return f"customer:{public_id}"


def widget(widget_id: int) -> str:
    """What a widget offers at the moment, for every panel of it that is open."""
    return f"widget:{widget_id}"
