"""Fragments: the HTML that a page, an answer, a catch-up and a push share. Rendered once, the same for every viewer."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from flask_babel import force_locale

from models import Agent, Case, Message
from services.attendance import statuses
from services.conversations import chat_list
from services.exchange import channels


def of_case(
    case: Case, messages: Sequence[Message], *, customer_changed: bool = False, data_changed: bool = False
) -> str:
    """What changed in a case, in the language of the present locale.

    Of a customer's data that a vendor tells, it holds nothing: not everybody may see that. With `data_changed`, pages
    which show it ask for it.
    """
    return render_template(
        "live/case.html",
        case=case,
        row=chat_list.row(case.id),
        messages=messages,
        customer_changed=customer_changed,
        data_changed=data_changed,
    )


def of_agent(agent: Agent) -> str:
    """What an agent's own pages show of themselves, in the language of the present locale."""
    choices = statuses.choices()
    used_up = statuses.used_up(agent, choices)
    return render_template(
        "live/agent.html",
        status=statuses.of(agent),
        choices=choices,
        used_up=used_up,
        is_admin=agent.is_admin,
        integrations_in_trouble=channels.in_trouble,
    )


def of_case_in(
    languages: set[str], case: Case, messages: Sequence[Message], *, customer_changed: bool
) -> dict[str, str]:
    """The fragment in every language that its audience uses."""
    rendered = {}
    for language in languages:
        with force_locale(language):
            rendered[language] = of_case(
                case, messages, customer_changed=customer_changed, data_changed=customer_changed
            )
    return rendered
