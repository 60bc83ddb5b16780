"""What sockets listen to. The audience is decided when something is published, never by a browser's wish."""

from __future__ import annotations


def agent(agent_id: int) -> str:
    """Everything for one agent."""
    return f"agent:{agent_id}"


def agent_of(topic: str) -> int | None:
    """The agent to whom a topic belongs, None for another kind of topic."""
    kind, _, number = topic.partition(":")
    return int(number) if kind == "agent" else None


def browser(session_id: str) -> str:
    """What ends the sockets of one signed-in browser, all its tabs."""
    return f"browser:{session_id}"


def customer(public_id: str) -> str:
    """Everything for one customer's widgets."""
    return f"customer:{public_id}"
