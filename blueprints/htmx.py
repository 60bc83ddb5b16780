"""How htmx asks and what it gets. The only module that knows htmx-flask and its limits with htmx 4 (stack.md §5)."""

from __future__ import annotations

from typing import Any

from flask import Flask, render_template, request
from htmx_flask import Htmx
from jinja2_fragments.flask import render_block

htmx = Htmx()


def register(app: Flask) -> None:
    """Let requests know whether htmx made them."""
    htmx.init_app(app)


def wants_fragment() -> bool:
    """Whether a script asked and not a person who opens a page; going back in history asks for the page."""
    return bool(getattr(request, "htmx", False)) and not request.headers.get("HX-History-Restore-Request")


def wants_json() -> bool:
    """Whether errors are wanted as JSON."""
    return request.accept_mimetypes.best == "application/json"


def page_or_block(template: str, block: str, **context: Any) -> str:  # noqa: ANN401  whatever the template shows
    """The whole page for a person, the block that changes for htmx; the same template serves both."""
    if wants_fragment():
        return str(render_block(template, block, **context))
    return render_template(template, **context)
