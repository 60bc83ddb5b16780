"""What a page shows of one case: thread, panel, latest cases. Shared by chats and cases."""

from __future__ import annotations

from typing import Any

from models import Agent, Case
from services import access
from services.conversations import cases, messages


def shown(agent: Agent, case: Case) -> dict[str, Any]:
    """The context of a conversation."""
    thread = messages.latest(case.id)
    context = {"case": case, "messages": thread, "more": len(thread) == messages.LATEST, **panel(agent, case)}
    return {**context, "may_answer": access.may_answer(agent)}


def panel(agent: Agent, case: Case) -> dict[str, Any]:
    """The context of the customer's panel."""
    return {
        "customer": case.customer,
        "known": cases.identity(case),
        "latest_cases": cases.of_customer(agent, case.customer_id, but=case.id),
    }
