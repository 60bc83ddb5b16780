"""Publishing: tell agents and customer what a unit of work changed.

That they were told is noted by a sweep, for many events at once: a commit for each would double what a message costs.
What was told and could not be noted is shown once more, which does no harm.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence

import redis
from flask import current_app
from flask_babel import force_locale

from extensions import db
from models import Agent, Case, Event, EventKind, Message
from services import access, publication
from services.events import Work
from services.exchange import channels
from services.sight import Sight

from . import fragments, payloads, topics
from .bus import bus

log = logging.getLogger(__name__)


def after_commit(work: Work) -> None:
    """Publish what a unit of work recorded. A failure is logged; the sweep publishes again."""
    if work.events:
        publish(work.events)
    for case_id, before in work.before.items():
        _take_away(case_id, before)
    for agent_id in work.agents:
        show_own_status(agent_id)
    for key in work.signed_out:
        _hang_up(key)


def publish(events: Sequence[Event]) -> None:
    """Publish events, one push for each case."""
    by_case: defaultdict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_case[event.case_id].append(event)
    for case_id, changes in by_case.items():
        _tell(case_id, changes)


def note_told() -> None:
    """Mark the events that have gone out since the last time."""
    try:
        while told := bus.take_told():
            publication.mark_published(told)
    except redis.RedisError as error:
        log.warning("what was told could not be noted: %s", error)


def _hang_up(key: str) -> None:
    """End the sockets of a browser whose sign-in has ended."""
    try:
        bus.hang_up([topics.browser(key)])
    except redis.RedisError as error:
        log.warning("the sockets of a browser that signed out were not closed: %s", error)


def catch_up(agent_ids: Iterable[int]) -> None:
    """Have these agents' pages fetch what they show anew: more has changed than fragments can say."""
    _try_to_send([topics.agent(agent_id) for agent_id in agent_ids], {"resync": True})


def agent_typing(case: Case, agent_id: int, name: str) -> None:
    """Show customer and colleagues that an agent is writing; never stored."""
    typing = {"case": case.id, "author": "agent", "agent": agent_id, "name": name}
    _try_to_send([topics.agent(to.agent_id) for to in access.audience(case)], {"typing": typing})
    _try_to_send([topics.customer(case.customer.public_id)], {"typing": {"name": name}})


def here(case: Case, to: Iterable[int], payload: dict[str, object]) -> None:
    """Show those of these agents who may see the case who else has it before their eyes; never stored."""
    wanted = set(to)
    seeing = [topics.agent(one.agent_id) for one in access.audience(case) if one.agent_id in wanted]
    if seeing:
        _try_to_send(seeing, {"here": payload})


def customer_typing(case: Case, name: str) -> None:
    """Show agents that the customer is writing; never stored."""
    typing = {"case": case.id, "author": "customer", "agent": None, "name": name}
    _try_to_send([topics.agent(to.agent_id) for to in access.audience(case)], {"typing": typing})


def show_own_status(agent_id: int, *, may_see_more: bool = True) -> None:
    """Show an agent their own status on all their pages.

    Args:
        agent_id: whose pages.
        may_see_more: have them fetch what they may see now, too, because that may have changed.
    """
    try:
        agent = db.session().get_one(Agent, agent_id)
        if not agent.active:
            bus.hang_up([topics.agent(agent_id)])
            return
        with force_locale(agent.language or _default_language()):
            bus.publish([topics.agent(agent_id)], fragments.of_agent(agent))
        if may_see_more:
            catch_up([agent_id])
    except redis.RedisError as error:
        log.warning("agent %s was not told of their status: %s", agent_id, error)
    except Exception:
        log.exception("agent %s was not told of their status", agent_id)
        db.session.rollback()


def _tell(case_id: int, events: Sequence[Event]) -> None:
    """Tell the customer first: they wait for a person, and their push costs less."""
    try:
        case = db.session().get_one(Case, case_id)
        messages = _messages(events)
        if channels.capabilities(case.channel).own_socket and _concerns_customer(events, messages):
            bus.publish([topics.customer(case.customer.public_id)], json.dumps(payloads.chat(case, messages)))
        bus.publish_last(_for_agents(case, messages, events), told=[event.id for event in events])
    except redis.RedisError as error:
        log.warning("case %s could not be published: %s", case_id, error)
    except Exception:
        log.exception("case %s could not be published", case_id)
        db.session.rollback()


def _take_away(case_id: int, before: Sight) -> None:
    """Have the pages of those who see the case no more find that out."""
    try:
        lost = access.lost_sight(db.session().get_one(Case, case_id), before)
        if lost:
            catch_up(lost)
    except Exception:
        log.exception("who sees case %s no more was not told", case_id)
        db.session.rollback()


def _for_agents(case: Case, messages: Sequence[Message], events: Sequence[Event]) -> list[tuple[list[str], str]]:
    """Topics and fragment for each language in use."""
    listeners: defaultdict[str, list[str]] = defaultdict(list)
    for to in access.audience(case):
        listeners[to.language or _default_language()].append(topics.agent(to.agent_id))
    changed = any(event.kind == EventKind.CUSTOMER_CHANGED for event in events)
    rendered = fragments.of_case_in(set(listeners), case, messages, customer_changed=changed)
    return [(listeners[language], html) for language, html in rendered.items()]


def _concerns_customer(events: Sequence[Event], messages: Sequence[Message]) -> bool:
    """Whether more has happened than notes that agents wrote for each other: customers do not hear of that at all."""
    notes = {message.id for message in messages if message.note}
    return any(event.data.get("message") not in notes for event in events)


def _messages(events: Sequence[Event]) -> list[Message]:
    """What the events speak of; right after a commit the session still holds it."""
    ids = {event.data["message"] for event in events if "message" in event.data}
    found = (db.session().get_one(Message, message_id) for message_id in ids)
    return sorted(found, key=lambda message: message.position)


def _try_to_send(to: list[str], payload: dict[str, object]) -> None:
    try:
        bus.publish(to, json.dumps(payload))
    except redis.RedisError as error:
        log.debug("agents or customers were not told: %s", error)


def _default_language() -> str:
    return str(current_app.config["DESKBELL"].language)
