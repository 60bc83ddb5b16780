"""What people are told when something does not work: one honest sentence, at the right status."""

from __future__ import annotations

import logging
import time
import uuid

from flask import Flask, Response, flash, g, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext, ngettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from extensions import db, limiter
from services.errors import (
    AnotherChatActive,
    CaseNotFound,
    ChatEnded,
    ChatTaken,
    DeskError,
    Forbidden,
    InvalidInput,
)

from .htmx import wants_fragment, wants_json

log = logging.getLogger(__name__)

_BEFORE_SIGN_IN = ("auth.sign_in", "auth.set_up", "second_step.ask", "password_links.choose", "joining.show")
_STATUS = {CaseNotFound: 404, ChatTaken: 409, ChatEnded: 409, AnotherChatActive: 409, Forbidden: 403, InvalidInput: 422}
_KIND = {ChatTaken: "taken", ChatEnded: "ended", AnotherChatActive: "elsewhere", InvalidInput: "invalid"}


def register(app: Flask) -> None:
    """Answer domain errors, HTTP errors and the unexpected."""
    app.before_request(_name_request)
    app.register_error_handler(DeskError, desk_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, _unexpected)


def sentence(error: DeskError) -> str:
    """The error in the reader's language."""
    match error:
        case ChatTaken():
            return str(gettext("%(name)s has taken this chat.", name=error.by))
        case ChatEnded():
            return str(gettext("This chat has ended. You find it under All cases."))
        case AnotherChatActive():
            return str(gettext("The customer is writing in a newer chat, number %(number)s.", number=error.case_id))
        case CaseNotFound():
            return str(gettext("There is no such case, or you may not see it."))
        case InvalidInput():
            return str(gettext(error.reason, **error.values))
        case _:
            return str(gettext("You may not do this."))


def seconds_to_wait() -> int:
    """How long the one who asked too often has to wait until the limit lets them through again."""
    limit = limiter.current_limit
    return 30 if limit is None else max(1, int(limit.reset_at - time.time()))


def too_often(seconds: int) -> str:
    """What they are told."""
    return str(
        ngettext(
            "That was a little too often. Wait %(num)s second and try again.",
            "That was a little too often. Wait %(num)s seconds and try again.",
            seconds,
        )
    )


def status_of(error: DeskError) -> int:
    """The status that says what kind of refusal this is."""
    return _STATUS.get(type(error), 400)


def _name_request() -> None:
    g.request_id = uuid.uuid4().hex[:12]


def desk_error(error: DeskError) -> Response:
    """Answer what the desk refuses."""
    status = status_of(error)
    if status == 409 and not (wants_fragment() or wants_json()):
        flash(sentence(error), "error")
        return make_response(redirect(request.referrer or "/chats", 303))
    return _answer(sentence(error), status, kind=_KIND.get(type(error), "error"))


def http_error(error: HTTPException) -> Response:
    """Answer what HTTP has a status for."""
    if isinstance(error, CSRFError) and not (_is_signed_in() or request.endpoint in _BEFORE_SIGN_IN):
        # The token went with the session: what they have to do is to sign in, not to reload.
        return make_response(redirect("/login", 303))
    if isinstance(error, CSRFError):
        return _answer(gettext("This page is out of date. Reload it and try again."), 400)
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    answer = _answer(_http_sentence(error.code), error.code)
    if error.code == 429:
        answer.headers.setdefault("Retry-After", str(seconds_to_wait()))
    return answer


def _http_sentence(status: int) -> str:
    if status == 429:
        return too_often(seconds_to_wait())
    sentences = {
        400: gettext("The request could not be understood."),
        403: gettext("You may not do this."),
        404: gettext("There is nothing at this address."),
        405: gettext("This address does not take that kind of request."),
        413: gettext("That is too large: at most 25 MB a file fit."),
    }
    return str(sentences.get(status, gettext("Something went wrong. Try again; what you wrote is kept.")))


def _unexpected(_error: Exception) -> Response:
    log.exception("request %s %s %s failed", g.get("request_id", "-"), request.method, request.path)
    db.session.rollback()
    text = gettext("Something went wrong on our side. Nothing you sent was half done; try again.")
    try:
        return _answer(text, 500)
    except SQLAlchemyError:
        # The page itself needs the database, which is away.
        return Response(text, 500, mimetype="text/plain")


def _answer(text: str, status: int, *, kind: str = "error") -> Response:
    if wants_json():
        return make_response(jsonify(error=text, kind=kind, request=g.get("request_id")), status)
    if wants_fragment():
        return make_response(render_template("errors/alert.html", sentence=text, kind=kind), status)
    template = "errors/page.html" if _is_signed_in() else "errors/bare.html"
    return make_response(
        render_template(template, sentence=text, status=status, request_id=g.get("request_id")), status
    )


def _is_signed_in() -> bool:
    try:
        return bool(current_user.is_authenticated)
    except Exception:
        return False
