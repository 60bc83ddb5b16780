"""What can be wrong with a request, in the field's words. Edges turn these into answers."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802  the usual gettext mark
    """Mark a sentence for translation; the edge that shows it translates it."""
    return text


class DeskError(Exception):
    """Base of everything that a person can be told in one sentence."""


class CaseNotFound(DeskError):
    """There is no such case, or none that this agent may see."""

    def __init__(self, case_id: int) -> None:
        super().__init__(f"There is no case {case_id}.")


class ChatTaken(DeskError):
    """Another agent has the chat."""

    def __init__(self, by: str, agent_id: int) -> None:
        super().__init__(f"{by} has this chat.")
        self.by = by
        self.agent_id = agent_id


class ChatEnded(DeskError):
    """The chat is over; the case is in the list."""


class AnotherChatActive(DeskError):
    """The customer is already writing in a newer chat."""

    def __init__(self, case_id: int) -> None:
        super().__init__(f"The customer is in chat {case_id}.")
        self.case_id = case_id


class Forbidden(DeskError):
    """The agent may see it but not do this."""


class InvalidInput(DeskError):
    """A value that cannot be taken; `field` says which, `reason` why, with %(name)s places for `values`."""

    def __init__(self, field: str, reason: str, **values: str | int) -> None:
        super().__init__(reason % values)
        self.field = field
        self.reason = reason
        self.values = values
