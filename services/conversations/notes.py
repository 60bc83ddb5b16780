"""Notes: what agents write for each other beside the words with a customer (product.md §2.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from channels.base import Author
from models import Agent, Case, Message
from services import access
from services.events import agent_actor
from services.sanitise import message_text
from services.uow import lock_case, unit_of_work

from . import messages
from .attachments import StoredFile

LONGEST = 20_000


def add(
    case_id: int,
    agent: Agent,
    text: str,
    *,
    client_key: str | None = None,
    files: Sequence[StoredFile] = (),
) -> Message:
    """Write a note into a case, active or not. Whoever sees the case may do so.

    Raises:
        CaseNotFound
        InvalidInput: the note is empty or too long.
    """
    access.require_case(agent, case_id)
    client_key = messages.agents_key(agent, client_key)
    with unit_of_work():
        case = lock_case(case_id)
        known = messages.known(case.channel_id, client_key=client_key)
        return known or write(case, agent, text, client_key=client_key, files=files)


def write(
    case: Case, agent: Agent, text: str, *, client_key: str | None = None, files: Sequence[StoredFile] = ()
) -> Message:
    """Write a note into a locked case. Raises `InvalidInput` like `add`."""
    clean = message_text(text, longest=LONGEST, may_be_empty=bool(files))
    new = messages.NewMessage(
        author=Author.AGENT,
        text=clean,
        actor=agent_actor(agent.id),
        agent_id=agent.id,
        author_name=agent.name,
        client_key=client_key,
        files=files,
        note=True,
        mentions=_mentioned(clean, case, agent),
    )
    return messages.add(case, new)


def _mentioned(text: str, case: Case, writer: Agent) -> list[int]:
    """The ids of those whom the text calls by "@" and their name, if their access reaches the case."""
    if "@" not in text:
        return []
    names = {agent.id: agent.name for agent in access.readers(case) if agent.id != writer.id}
    # Of "Ann" and "Ann Lee" the longer one is meant where it stands.
    longest_first = sorted(set(names.values()), key=len, reverse=True)
    called = re.compile(rf"(?<!\w)@({'|'.join(map(re.escape, longest_first))})(?!\w)")
    found = set(called.findall(text)) if names else set()
    return [agent_id for agent_id, name in names.items() if name in found]
