"""What every page can use: filters, addresses with content hashes, the signed-in agent's counts."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_request_context
from flask_babel import get_locale
from flask_login import current_user
from markupsafe import Markup

from config import LANGUAGES
from services import access, clock, settings
from services.attendance import statuses
from services.conversations import attachments, chat_list, chats, corrections
from services.exchange import channels


def register(app: Flask) -> None:
    """Add filters and functions to the templates."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.add_template_filter(iso)
    app.add_template_global(static_path)
    app.add_template_global(same_everywhere)
    app.add_template_global(attachments.signed_path, "file_path")
    app.add_template_global(channels.capabilities)
    app.add_template_global(corrections.is_offered, "may_be_corrected")
    app.add_template_global(chats.longest_answer)
    app.add_template_global(access.is_reachable)
    app.context_processor(_for_every_page)


def iso(moment: datetime | None) -> str:
    """A time as browsers read it, empty for none."""
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def static_path(name: str) -> str:
    """The address of a static file, which changes with its content so that browsers may keep it for ever.

    Looked at once in the life of a process: a page names more than a hundred of them.
    """
    path = Path(current_app.static_folder or "static") / name
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def same_everywhere(template: str) -> Markup:
    """A part that depends on the reader's language and on nothing else: rendered once, then kept."""
    return _rendered(template, str(get_locale()))


@cache
def _rendered(template: str, _language: str) -> Markup:
    # Without the context of a page, so that nothing of a page can be kept by mistake.
    return Markup(current_app.jinja_env.get_template(template).render())  # noqa: S704 - our own template escapes


def _for_every_page() -> dict[str, Any]:
    """What asks the database is asked by the template that shows it: most fragments do not."""
    context: dict[str, Any] = {
        "chat_settings": settings.chats,
        "server_now": clock.now(),
        "locale": str(get_locale() or "en"),
        "languages": LANGUAGES,
        "agent": None,
    }
    if has_request_context() and current_user and current_user.is_authenticated:
        context["agent"] = current_user.agent
        context["own_status"] = partial(statuses.of, current_user.agent)
        context["status_choices"] = statuses.choices
        context["integrations_in_trouble"] = channels.in_trouble
        context["used_up_statuses"] = partial(statuses.used_up, current_user.agent)
        context["chat_counts"] = partial(chat_list.counts, current_user.agent)
    return context
