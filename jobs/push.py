"""Web Push: wake the browsers of agents for a chat that waits, while no page of the desk is open to tell them."""

from __future__ import annotations

import json
import logging
from functools import cache
from urllib.parse import urlsplit

import redis
from flask import current_app
from flask_babel import force_locale, gettext

from channels.base import ChannelError
from channels.http import HttpClient
from channels.web_push import Browser, Note, WebPush
from extensions import db
from models import Agent, PushSubscription
from realtime.bus import bus
from services.alerts import notifications, push_keys, push_subscriptions, waking
from services.alerts.notifications import Occasion
from services.alerts.waking import Call
from services.events import Work
from services.sanitise import one_line

from . import queues

log = logging.getLogger(__name__)

WAITING = "waiting"
_TEST = "test:"
_TTL_SECONDS = int(waking.WINDOW.total_seconds())
_AGAIN_AFTER_SECONDS = 20
_LONGEST_WORDS = 120
_SENT_SECONDS = 2 * _TTL_SECONDS
# Longer than sending takes; a worker that dies meanwhile leaves the rest to the next look.
_CLAIMED_SECONDS = 30


def after_commit(work: Work) -> None:
    """Wake those who are asleep at once where a chat begins to wait."""
    if any(waking.begins(event) for event in work.events):
        queues.ring(queues.PUSH, WAITING)


def look() -> None:
    """Ring where a chat waits for somebody who is asleep: by now, or still after a push that failed.

    Runs every few seconds, so that nothing depends on a single job. Doubled runs are harmless.
    """
    if next(waking.calls(), None) is not None:
        queues.ring(queues.PUSH, WAITING)


def drain(*streams: str) -> None:
    """Send what is to be sent: to all who are to be woken, or a test to a single browser ("test:<id>")."""
    queues.answer(queues.PUSH, *streams)
    # Where another secret key has sealed everything, this begins anew: nothing of it could be read.
    push_keys.keys()
    for stream in streams:
        if stream.startswith(_TEST):
            _try_out(int(stream.removeprefix(_TEST)))
        else:
            _wake()


def _wake() -> None:
    """Send each call once to each browser, unless the chat is taken meanwhile; one at least in each turn."""
    turn = queues.Turn(queues.VENDOR)
    for call in list(waking.calls()):
        for subscription in push_subscriptions.of(call.agent.id):
            if not (_claim(subscription, call) and waking.still_holds(call)):
                continue
            _send_call(subscription, call)
            if turn.is_over:
                queues.ring(queues.PUSH, WAITING)
                return


def _send_call(subscription: PushSubscription, call: Call) -> None:
    claim, hold = _claim_key(subscription, call), _SENT_SECONDS
    try:
        _send(subscription, _payload_of(call), topic=_tag(call.case.id))
    except ChannelError as error:
        log.warning("push subscription %s was not reached: %s", subscription.id, error.reason)
        if not error.permanent:
            hold = int(min(error.retry_after or _AGAIN_AFTER_SECONDS, _TTL_SECONDS)) or 1
    bus.redis.expire(claim, hold)


def _try_out(subscription_id: int) -> None:
    subscription = push_subscriptions.one(subscription_id)
    if subscription is None:
        return
    agent = db.session().get_one(Agent, subscription.agent_id)
    with force_locale(_language(agent)):
        title, body = gettext("Test notification"), gettext("This is how Deskbell reaches you while no page is open.")
    payload = {"title": title, "body": body, "tag": "test", "url": "/profile/notifications", "test": True}
    try:
        _send(subscription, payload, topic="test")
    except ChannelError as error:
        log.warning("push subscription %s was not reached: %s", subscription_id, error.reason)


def _send(subscription: PushSubscription, payload: dict[str, object], *, topic: str) -> None:
    """Send to one browser; what the push service does not know any more is forgotten. Raises `ChannelError`."""
    subscription_id = subscription.id
    address = Browser(subscription.sealed_endpoint, subscription.public_key, subscription.sealed_secret)
    keys = push_keys.keys()
    # A push service may take its time; whoever waits for it keeps no snapshot of the database.
    db.session().rollback()
    sender = WebPush(_client(), private_key=keys.private, contact=_contact())
    if sender.send(address, Note(json.dumps(payload).encode(), topic, _TTL_SECONDS)):
        push_subscriptions.note_reached(subscription_id)
    else:
        push_subscriptions.forget(subscription_id)


def _payload_of(call: Call) -> dict[str, object]:
    """What the browser shows, in the agent's language: one note for each chat, a later one replaces it."""
    agent, case = call.agent, call.case
    with force_locale(_language(agent)):
        titles = {
            Occasion.NEW: gettext("New chat"),
            Occasion.REPLY: gettext("New reply"),
            Occasion.GIVEN: gettext("A chat was given to you"),
        }
        name = case.customer.name or gettext("Visitor %(number)s", number=case.customer_id)
    shows = notifications.wishes(agent).shows_words
    words = f"{name}: {case.last_words}" if case.last_words else name
    body = one_line(words, longest=_LONGEST_WORDS) if shows else ""
    return {"title": titles[call.occasion], "body": body, "tag": _tag(case.id), "url": f"/chats/{case.id}"}


def _claim(subscription: PushSubscription, call: Call) -> bool:
    """Whether this call has not been sent to this browser yet; whoever asks first sends it.

    Redis may forget it: then the browser hears twice, and shows it once.
    """
    try:
        return bool(bus.redis.set(_claim_key(subscription, call), 1, nx=True, ex=_CLAIMED_SECONDS))
    except redis.RedisError:
        return False


def _claim_key(subscription: PushSubscription, call: Call) -> str:
    return f"deskbell:pushed:{subscription.id}:{call.case.id}:{int(call.since.timestamp() * 1000)}"


def _tag(case_id: int) -> str:
    return f"chat-{case_id}"


def _language(agent: Agent) -> str:
    return agent.language or str(current_app.config["DESKBELL"].language)


def _contact() -> str:
    """Push services want to know whom to write to; a desk without a name has nothing that they would take."""
    parts = urlsplit(current_app.config["DESKBELL"].public_url)
    has_name = parts.scheme == "https" and "." in (parts.hostname or "")
    return f"https://{parts.hostname}" if has_name else "mailto:desk@localhost"


@cache
def _client() -> HttpClient:
    """The guarded way out: the addresses come from browsers, and lead to public hosts only."""
    return HttpClient(timeout=5.0, budget=10.0)
