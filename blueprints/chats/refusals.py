"""An answer that was refused, sent without scripts: the page again, with the words and the reason in its form."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_limiter import RateLimitExceeded

from blueprints import errors
from blueprints.conversation import shown
from blueprints.htmx import wants_fragment, wants_json
from blueprints.security import signed_in_agent
from services import access
from services.conversations import chat_list
from services.errors import CaseNotFound, DeskError

from .corrections import bp


@bp.errorhandler(DeskError)
def refuse(error: DeskError) -> Response:
    """Answer what the desk refuses."""
    if _was_written_in_a_form() and not isinstance(error, CaseNotFound):
        return make_response(_page_again(errors.sentence(error)), errors.status_of(error))
    return errors.desk_error(error)


@bp.errorhandler(RateLimitExceeded)
def slow_down(error: RateLimitExceeded) -> Response:
    """Answer what came too often."""
    answer = errors.http_error(error)
    if _was_written_in_a_form():
        answer.set_data(_page_again(errors.too_often(errors.seconds_to_wait())))
    return answer


def _was_written_in_a_form() -> bool:
    return request.endpoint in ("chats.reply", "chats.note") and not (wants_fragment() or wants_json())


def _page_again(refusal: str) -> str:
    agent = signed_in_agent()
    case = access.require_case(agent, (request.view_args or {})["case_id"])
    wanted = "note" if request.endpoint == "chats.note" else "reply"
    written = {"unsent": request.form.get("text", ""), "refusal": refusal, "wanted": wanted}
    context: dict[str, Any] = {**written, **shown(agent, case)}
    if not case.active:
        return render_template("cases/show.html", active_section="cases", **context)
    return render_template("chats/index.html", active_section="chats", rows=chat_list.rows(agent), **context)
