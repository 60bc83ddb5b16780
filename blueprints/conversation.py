"""What a page shows of one case: thread, panels, latest cases. Shared by chats and cases."""

from __future__ import annotations

from typing import Any

from models import Agent, Case, Identity
from services import access
from services.conversations import cases, customers, messages, vendor_data


def shown(agent: Agent, case: Case) -> dict[str, Any]:
    """The context of a conversation that somebody opens; data of its customer that is old is asked for anew."""
    thread, known = messages.latest(case.id), cases.identity(case)
    customers.freshen(case.channel, known)
    context = {"case": case, "messages": thread, "more": len(thread) == messages.LATEST}
    may_answer = access.may_answer(agent) and access.is_reachable(case)
    return {**context, **_beside(agent, case, known), "may_answer": may_answer}


def panels(agent: Agent, case: Case) -> dict[str, Any]:
    """The context of what stands beside the thread."""
    return _beside(agent, case, cases.identity(case))


def _beside(agent: Agent, case: Case, known: Identity | None) -> dict[str, Any]:
    return {
        "customer": case.customer,
        "vendor": vendor_data.seen_by(agent, case, known),
        "latest_cases": cases.of_customer(agent, case.customer_id, but=case.id),
    }
