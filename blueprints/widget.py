"""The customer's widget: its script, its texts and the addresses through which visitors talk (no cookie anywhere)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, g, jsonify, make_response, request
from flask_babel import force_locale, gettext
from limits import RateLimitItemPerSecond
from werkzeug.exceptions import HTTPException

from channels.base import CustomerData, CustomerUpdate
from extensions import limiter
from models import Channel, WhenAway
from realtime import payloads, publish
from services.conversations import attachments, chats, customers, offline_form, visitor_chats
from services.distributing import line
from services.errors import DeskError, InvalidInput
from services.exchange import channels

from . import cors, widget_assets
from .errors import seconds_to_wait, sentence, too_often
from .widget_auth import is_stranger, make_ticket, visitor_and_address, visitor_id
from .widget_input import read_address, read_form, read_message
from .widget_texts import language_for, texts

bp = Blueprint("widget", __name__)

_LARGEST_JSON = 256 * 1024
# What a widget offers stands in it. Half a minute may pass until every page knows of a change: this, and the time
# between two looks of a page, at most a fifth longer than said here (widget_js/loader.js).
_KEPT_SECONDS = 10
_LOOK_SECONDS = 16
_TYPING_SHOWN = RateLimitItemPerSecond(1, 3)
_often = limiter.limit("240/minute", key_func=visitor_and_address)
_seldom = limiter.limit("120/minute", key_func=visitor_and_address)
# A whole office may share one address.
_from_one_address = limiter.limit("1200/minute")
_looks_from_one_address = limiter.limit("6000/minute")


@bp.url_value_preprocessor
def _find_widget(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.widget = None
    if values and "key" in values:
        g.widget = channels.widget_by_key(values.pop("key"))
        if g.widget is None:
            abort(404, "There is no such widget.")


@bp.before_request
def _check_site() -> Response | None:
    if g.widget is not None:
        cors.refuse_foreign_sites(g.widget)
    if request.mimetype != "multipart/form-data":
        request.max_content_length = _LARGEST_JSON
    return cors.preflight() if request.method == "OPTIONS" else None


@bp.after_request
def _let_the_page_read(response: Response) -> Response:
    if request.endpoint not in ("widget.loader", "widget.asset", "widget.config", "widget.state"):
        response.headers["Cache-Control"] = "no-store"
    # Nothing here is a page: the long policy of pages would weigh more than what is said.
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return cors.share(response)


@bp.get("/widget.js")
def loader() -> Response:
    """The script that a site embeds."""
    return widget_assets.loader()


@bp.get("/widget/assets/<name>")
def asset(name: str) -> Response:
    """The panel's script and styles."""
    return widget_assets.serve(name)


@bp.get("/widget/<key>/config")
@_from_one_address
def config() -> Response:
    """How the widget looks and what it says."""
    language = _language()
    with force_locale(language):
        said = texts()
    response = jsonify(
        name=g.widget.name,
        title=g.widget.title or said["title"],
        colour=g.widget.colour,
        lang=language,
        dir="ltr",
        panel=widget_assets.address("panel.js"),
        css=widget_assets.address("panel.css"),
        texts=said,
        poll=_LOOK_SECONDS if g.widget.when_away != WhenAway.ALWAYS else 0,
        **payloads.offer(g.widget),
    )
    response.headers["Cache-Control"] = f"private, max-age={_KEPT_SECONDS}"
    return widget_assets.pack(response)


@bp.get("/widget/<key>/state")
@_looks_from_one_address
def state() -> Response:
    """What the widget offers at the moment, for pages that show no more than the button. The same for everybody."""
    offer = payloads.offer(g.widget)
    response = jsonify(offer)
    response.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}"
    response.set_etag(offer["offer"])
    response.make_conditional(request)
    return response


@bp.get("/widget/<key>/chat")
@_often
def chat() -> Response:
    """The visitor's chat: what they lack since their cursor. Never makes a record."""
    case = visitor_chats.latest(_channel(), visitor_id())
    offer = payloads.offer(g.widget)
    if case is None:
        return jsonify({**payloads.chat(None, []), **offer})
    unseen = visitor_chats.unseen(case, request.args.get("after", ""))
    place = {"place": line.place(case)}
    return jsonify({**payloads.chat(case, unseen.messages, more=unseen.more), **offer, **place})


@bp.post("/widget/<key>/messages")
@_seldom
@_from_one_address
def send() -> Response:
    """Take in a message, once per client_id, however often it comes."""
    channel, visitor = _channel(), visitor_id()
    sent = read_message(longest_text=channels.capabilities(channel).longest_text)
    message = visitor_chats.said_before(channel, visitor, sent.client_id) if sent.uploads else None
    if message is None:
        stored = attachments.store(sent.uploads)
        message = chats.receive(channel, sent.incoming(visitor), client_key=sent.client_id, files=stored)
    case = visitor_chats.around(message, channel, visitor)
    return jsonify({**payloads.state(case), "message": payloads.message(message)})


@bp.post("/widget/<key>/form")
@_seldom
@_from_one_address
def leave() -> Response:
    """Take in the offline form, once per client_id: it becomes a case, not a chat."""
    channel, visitor = _channel(), visitor_id()
    sent = read_form(longest_text=channels.capabilities(channel).longest_text)
    message = offline_form.take_in(channel, sent.incoming(visitor), client_key=sent.client_id)
    case = visitor_chats.around(message, channel, visitor)
    return jsonify({**payloads.state(case), "message": payloads.message(message)})


@bp.post("/widget/<key>/contact")
@_seldom
@_from_one_address
def contact() -> Response:
    """Keep the e-mail address that a visitor leaves because nobody is there."""
    channel, visitor = _channel(), visitor_id()
    email = read_address()
    if customers.identity_of(channel, visitor) is None:
        abort(404, "This visitor has not written yet.")
    chats.update_customer(channel, CustomerUpdate(visitor, CustomerData(visitor, email=email)))
    return Response(status=204)


@bp.post("/widget/<key>/typing")
@_seldom
def typing() -> Response:
    """Show agents that the visitor is writing, at most once in three seconds; never stored."""
    visitor = visitor_id()
    case = visitor_chats.latest(_channel(), visitor)
    if case is not None and case.active and limiter.limiter.hit(_TYPING_SHOWN, "widget typing", visitor):
        publish.customer_typing(case, case.customer.name)
    return Response(status=204)


@bp.post("/widget/<key>/ticket")
@_seldom
def ticket() -> Response:
    """A ticket for the visitor's socket, good for half a minute. Who has not written yet hears the offer alone."""
    identity = None if is_stranger() else customers.identity_of(_channel(), visitor_id())
    signed = make_ticket(identity, g.widget)
    address = current_app.config["DESKBELL"].public_url.replace("http", "ws", 1)
    return jsonify(ticket=signed, known=identity is not None, url=f"{address}/widget/live?ticket={signed}")


@bp.errorhandler(DeskError)
def _refuse(error: DeskError) -> Response:
    field = error.field if isinstance(error, InvalidInput) else ""
    with force_locale(_language()):
        return make_response(jsonify(field=field, error=sentence(error)), 422 if field else 409)


@bp.errorhandler(HTTPException)
def _answer_in_json(error: HTTPException) -> Response:
    seconds = seconds_to_wait() if error.code == 429 else 0
    with force_locale(_language()):
        sentences = {413: gettext("That is too large: at most 25 MB a file fit."), 429: too_often(seconds)}
    response = make_response(jsonify(error=sentences.get(error.code or 500, error.description)), error.code or 500)
    if error.code == 429:
        response.headers["Retry-After"] = str(seconds)
    return response


def _channel() -> Channel:
    channel: Channel = g.widget.channel
    return channel


def _language() -> str:
    return language_for(request.args.get("lang", ""))
