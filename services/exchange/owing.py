"""Owing: what a vendor still has to be told of a message, written with it, settled call by call.

A message is what it says; its calls follow. Whatever has happened, `follow` compares what the vendor has with what the
message says and owes the difference: parts that are missing, edits, deletions.
"""

from __future__ import annotations

from datetime import timedelta

from extensions import db
from models import Agent, Case, Delivery, Message, OutboxItem, Verb
from services import access, clock
from services.conversations import messages
from services.errors import N_, InvalidInput
from services.events import SYSTEM, agent_actor
from services.uow import lock_case, ring_after_commit, unit_of_work

from . import channels, parts, standing
from .parts import Part
from .standing import AWAITING, DONE, FAILED, READY, UNKNOWN, WITHDRAWN, Copy, Standing

# So long an echo may take that tells what became of an uncertain call.
PATIENCE = timedelta(minutes=2)
_LONGEST_REASON = 500


def owe(case: Case, message: Message) -> None:
    """Owe a message to the vendor; part of the unit of work that adds it.

    One without an agent speaks for the whole desk.
    """
    for place, part in enumerate(_wanted(case, message)):
        _add(case, message, Verb.SEND, place, part)


def follow(case: Case, message: Message, *, again: bool = False) -> None:
    """Owe what the vendor lacks of a message as it is now, and show how it stands.

    Part of a unit of work that has locked the case.

    Args:
        case: its case.
        message: one that is owed to a vendor.
        again: also what has failed or is not certain, because somebody asked for it.
    """
    wanted, now = _wanted(case, message), standing.of(message)
    for copy in now.copies():
        part = wanted[copy.part] if copy.part < len(wanted) else None
        _change(case, message, copy, part, again=again)
    for place in range(max(len(wanted), len(now.places()))):
        _send(case, message, now, place, wanted[place] if place < len(wanted) else None, again=again)
    show(case, message)


def show(case: Case, message: Message) -> None:
    """Say on the message how it stands, if that is news."""
    db.session().flush()
    delivery, reason = standing.of(message).outcome(len(_wanted(case, message)))
    if (message.delivery, message.delivery_reason) != (delivery, reason):
        message.delivery, message.delivery_reason = delivery, reason
        messages.changed(case, message, SYSTEM)


def send_again(message_id: int, agent: Agent) -> Message:
    """Owe again what is missing of a message whose delivery failed or is unknown, because an agent asked for it.

    Raises:
        CaseNotFound: there is no such message, or the agent may not see its case.
        InvalidInput: it is under way or has arrived.
    """
    message = db.session().get(Message, message_id)
    access.require_answerable(agent, message.case_id if message else 0)
    with unit_of_work() as session:
        message = session.get_one(Message, message_id)
        case = lock_case(message.case_id)
        session.refresh(message)
        if message.delivery not in (Delivery.FAILED, Delivery.UNKNOWN):
            raise InvalidInput("message", N_("This message is on its way or has arrived."))
        message.delivery, message.delivery_reason = Delivery.SENDING, ""
        messages.changed(case, message, agent_actor(agent.id))
        follow(case, message, again=True)
        return message


def arrive(item: OutboxItem, external_id: str = "") -> None:
    """The vendor has done what was owed, whatever our call said. Part of a unit of work that has locked the stream.

    Args:
        item: the call.
        external_id: by which the vendor itself knows what was sent, empty where it named none.
    """
    case, message = lock_case(item.message.case_id), item.message
    if item.state != DONE:
        item.state, item.settled_at, item.reason = DONE, clock.now(), ""
    if item.verb == Verb.SEND and external_id:
        item.external_id = external_id
        is_first = item.part == 0 and message.external_id is None
        if is_first and not messages.known(case.channel_id, external_id=external_id):
            message.external_id = external_id
    follow(case, message)
    ring_after_commit("outbound", item.stream)


def give_up(item: OutboxItem, state: str, reason: str) -> None:
    """The call is not made again by itself; nor are the parts behind it, for they would stand in for the whole.

    Part of a unit of work that has locked the stream.

    Args:
        item: the call.
        state: `FAILED` or `UNKNOWN`.
        reason: why.
    """
    case, message = lock_case(item.message.case_id), item.message
    item.state, item.settled_at, item.reason = state, clock.now(), reason[:_LONGEST_REASON]
    if item.verb == Verb.SEND:
        for other in standing.of(message).items:
            if other.verb == Verb.SEND and other.state == READY and other.part > item.part:
                _withdraw(other)
    follow(case, message)
    ring_after_commit("outbound", item.stream)


def await_echo(item: OutboxItem, reason: str) -> None:
    """The call was cut off: if the vendor has it, it will show it to us. Part of a unit of work, like `give_up`."""
    case = lock_case(item.message.case_id)
    item.state, item.next_at, item.reason = AWAITING, clock.now() + PATIENCE, reason[:_LONGEST_REASON]
    show(case, item.message)
    ring_after_commit("outbound", item.stream)


def _wanted(case: Case, message: Message) -> list[Part]:
    return parts.of(message, channels.capabilities(case.channel).longest_text)


def _change(case: Case, message: Message, copy: Copy, part: Part | None, *, again: bool) -> None:
    """Have a copy at the vendor's say what it is to say, or go."""
    last, verb = copy.last, Verb.EDIT if part is not None else Verb.DELETE
    if last is not None and last.state == FAILED:
        # It may have had its effect all the same: only what was asked for anew is tried, and then always.
        if again or standing.wish_of(last) != part:
            _add(case, message, verb, copy.part, part, copy.external_id)
        return
    there = copy.coming
    if last is not None and last.state == READY:
        # Once tried, it may have had its effect all the same.
        if there == part and not last.attempts:
            _withdraw(last)
        else:
            _reword(last, verb, part)
    elif there != part:
        _add(case, message, verb, copy.part, part, copy.external_id)


def _send(case: Case, message: Message, now: Standing, place: int, part: Part | None, *, again: bool) -> None:
    """Have a part sent that the vendor has not got, or leave it."""
    item = now.send_of(place)
    state = item.state if item is not None else None
    is_new = state is None and not now.is_stopped()
    if part is None or state == DONE:
        _withdraw_twins(now, place)
    elif item is not None and state == READY:
        _reword(item, Verb.SEND, part)
    elif is_new or (again and state in (None, FAILED, UNKNOWN)):
        _add(case, message, Verb.SEND, place, part)


def _withdraw_twins(now: Standing, place: int) -> None:
    """What was not sent yet of a part that has arrived, or that is not wanted."""
    for item in now.items:
        if item.verb == Verb.SEND and item.part == place and item.state == READY:
            _withdraw(item)


def _withdraw(item: OutboxItem) -> None:
    item.state, item.settled_at = WITHDRAWN, clock.now()
    ring_after_commit("outbound", item.stream)


def _reword(item: OutboxItem, verb: Verb, part: Part | None) -> None:
    item.verb = verb
    item.text, item.files = (part.text, list(part.files)) if part is not None else ("", [])


def _add(case: Case, message: Message, verb: Verb, place: int, part: Part | None, external_id: str = "") -> None:
    now = clock.now()
    item = OutboxItem(
        channel_id=case.channel_id,
        stream=case.stream,
        message_id=message.id,
        part=place,
        external_id=external_id,
        next_at=now,
        created_at=now,
    )
    _reword(item, verb, part)
    db.session().add(item)
    ring_after_commit("outbound", case.stream)
