"""An agent corrects a message: its form, its new words, its deletion."""

from __future__ import annotations

from flask import make_response, redirect
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.errors import sentence, status_of
from blueprints.htmx import page_or_block, wants_fragment
from blueprints.security import signed_in_agent
from models import Message
from realtime import fragments
from services import access
from services.conversations import corrections
from services.errors import InvalidInput

from .colleagues import bp as bp
from .forms import CorrectionForm


@bp.get("/messages/<id:message_id>/edit")
@login_required
def correct(message_id: int) -> str:
    """The words of a message, to be changed; in the dialog of the thread, or on a page of their own."""
    message = corrections.require(message_id, signed_in_agent())
    return _form(message, message.text)


@bp.post("/messages/<id:message_id>/edit")
@login_required
def edit(message_id: int) -> Response | str:
    """Give a message other words."""
    agent, form = signed_in_agent(), CorrectionForm()
    text = form.text.data or ""
    try:
        return _answer(corrections.edit(message_id, agent, text))
    except InvalidInput as error:
        if error.field != "text":
            raise
        refused = _form(corrections.require(message_id, agent), text, sentence(error))
        return make_response(refused, 200 if wants_fragment() else status_of(error))


@bp.post("/messages/<id:message_id>/delete")
@login_required
def delete(message_id: int) -> Response | str:
    """Take a message back."""
    return _answer(corrections.delete(message_id, signed_in_agent()))


def _form(message: Message, text: str, refusal: str = "") -> str:
    back = f"/{'chats' if message.case.active else 'cases'}/{message.case_id}"
    context = {"message": message, "unsent": text, "refusal": refusal, "back": back}
    # The page itself has no list of chats: the bell opens the drawer.
    return page_or_block("chats/correct.html", "correction", active_section="cases", **context)


def _answer(message: Message) -> Response | str:
    case = access.require_case(signed_in_agent(), message.case_id)
    if wants_fragment():
        return fragments.of_case(case, [message])
    return redirect(f"/chats/{case.id}", 303)
