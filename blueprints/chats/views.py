"""The chats page and what an agent does with a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.conversation import panels, shown
from blueprints.htmx import page_or_block, wants_fragment
from blueprints.security import agent_key, signed_in_agent
from extensions import limiter
from models import Agent, Case, Message
from realtime import fragments, publish
from services import access
from services.conversations import attachments, chat_list, chats, messages, notes
from services.errors import N_, InvalidInput
from services.exchange import outbox

from .forms import ReplyForm, TakeForm

bp = Blueprint("chats", __name__)
_LARGEST_NUMBER = 2**53


class Writer(Protocol):
    """What takes in an agent's words: an answer or a note."""

    def __call__(
        self, case_id: int, agent: Agent, text: str, *, client_key: str | None, files: Sequence[attachments.StoredFile]
    ) -> Message: ...


@bp.get("/chats")
@login_required
def index() -> str:
    """The list of chats, none of them open."""
    rows = chat_list.rows(signed_in_agent())
    return render_template("chats/index.html", rows=rows, case=None, active_section="chats")


@bp.get("/chats/<id:case_id>")
@login_required
def show(case_id: int) -> Response | str:
    """One chat beside the list. What has ended is read among the cases."""
    agent = signed_in_agent()
    case = access.require_case(agent, case_id)
    if not case.active and not wants_fragment():
        return redirect(f"/cases/{case_id}", 303)
    rows = [] if wants_fragment() else chat_list.rows(agent)
    return page_or_block("chats/index.html", "conversation", rows=rows, active_section="chats", **shown(agent, case))


@bp.get("/chats/rows")
@login_required
def rows() -> str:
    """Every row, for a browser that may have missed some."""
    return render_template("chats/catch_up.html", rows=chat_list.rows(signed_in_agent()))


@bp.get("/chats/<id:case_id>/messages")
@login_required
def catch_up(case_id: int) -> Response | str:
    """What changed after a revision, or what was said before a position."""
    case = access.require_case(signed_in_agent(), case_id)
    before = request.args.get("before", type=_number)
    if before is not None:
        earlier = messages.latest(case_id, before=before)
        return render_template("chats/earlier.html", case=case, messages=earlier, more=len(earlier) == messages.LATEST)
    return _missed(case, after=request.args.get("after", default=0, type=_number))


@bp.post("/chats/<id:case_id>/take")
@login_required
def take(case_id: int) -> Response | str:
    """Take a chat, or take it over from a colleague."""
    form = TakeForm()
    return _answer(chats.take(case_id, signed_in_agent(), instead_of=form.instead_of.data))


@bp.post("/chats/<id:case_id>/reply")
@login_required
@limiter.limit("120 per minute", key_func=agent_key)
def reply(case_id: int) -> Response | str:
    """Answer; a chat that nobody has becomes one's own, one that has ended begins again."""
    return _write(case_id, chats.reply)


@bp.post("/chats/<id:case_id>/note")
@login_required
@limiter.limit("120 per minute", key_func=agent_key)
def note(case_id: int) -> Response | str:
    """Write a note, which the customer never sees."""
    return _write(case_id, notes.add)


@bp.post("/chats/<id:case_id>/end")
@login_required
def end(case_id: int) -> Response | str:
    """End a chat with the chosen status."""
    case = chats.end(case_id, signed_in_agent(), request.form.get("status", ""))
    if not wants_fragment():
        flash(gettext("Chat %(number)s has ended. You find it under All cases.", number=case_id), "success")
        return redirect("/chats", 303)
    return _answer(case)


@bp.post("/chats/<id:case_id>/postpone")
@login_required
def postpone(case_id: int) -> Response | str:
    """Give a silent chat five more minutes."""
    return _answer(chats.postpone(case_id, signed_in_agent()))


@bp.post("/chats/<id:case_id>/read")
@login_required
def read(case_id: int) -> tuple[str, int]:
    """The agent has the replies of their chat before their eyes."""
    chats.read(case_id, signed_in_agent())
    return "", 204


@bp.post("/chats/<id:case_id>/typing")
@login_required
@limiter.limit("60 per minute", key_func=agent_key)
def typing(case_id: int) -> tuple[str, int]:
    """The agent is writing; told to customer and colleagues, never stored."""
    agent = signed_in_agent()
    case = access.require_answerable(agent, case_id)
    if case.active:
        publish.agent_typing(case, agent.id, agent.name)
    return "", 204


@bp.post("/messages/<id:message_id>/again")
@login_required
def again(message_id: int) -> Response | str:
    """Send a message again whose delivery failed or is unknown."""
    agent = signed_in_agent()
    message = outbox.send_again(message_id, agent)
    return _answer(access.require_case(agent, message.case_id), [message])


def _answer(case: Case, changed: Sequence[Message] = ()) -> Response | str:
    """The same fragment as the push, at once for the one who acted; the page again without scripts."""
    if wants_fragment():
        return fragments.of_case(case, changed)
    return redirect(f"/chats/{case.id}", 303)


def _write(case_id: int, write: Writer) -> Response | str:
    """Take in what an agent has written, once, however often it comes."""
    agent, form = signed_in_agent(), ReplyForm()
    uploads = [
        attachments.Upload(file.filename, file.stream) for file in form.files.data or () if file and file.filename
    ]
    client_id = (form.client_id.data or None) if form.validate() else _bad_client_id()
    message = chats.answered_before(case_id, agent, client_id) if uploads else None
    if message is None:
        stored = attachments.store(uploads)
        message = write(case_id, agent, form.text.data or "", client_key=client_id, files=stored)
    return _answer(access.require_case(agent, message.case_id), [message])


def _missed(case: Case, *, after: int) -> Response:
    """What a browser lacks that knows all up to a revision; if that is much, it goes on from `Deskbell-Rev`."""
    rev, changed = case.rev, messages.since(case.id, after)
    answer = make_response(
        fragments.of_case(case, changed, customer_changed=True)
        + render_template("chats/latest.html", case=case, **panels(signed_in_agent(), case))
    )
    is_part = messages.is_part(changed)
    answer.headers["Deskbell-Rev"] = str(changed[-1].rev if is_part else rev)
    if is_part:
        answer.headers["Deskbell-More"] = "1"
    return answer


def _number(text: str) -> int:
    """A number as browsers hold it; ValueError for what no database could."""
    number = int(text)
    if abs(number) > _LARGEST_NUMBER:
        raise ValueError(text)
    return number


def _bad_client_id() -> str:
    raise InvalidInput("client_id", N_("The client's id is too long."))
