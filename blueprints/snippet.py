"""The line that puts the widget on a site."""

from __future__ import annotations

from flask import current_app

from models import Widget


def snippet_of(widget: Widget) -> str:
    """The one-line snippet of a widget."""
    public_url = current_app.config["DESKBELL"].public_url
    return f'<script async src="{public_url}/widget.js" data-widget="{widget.key}"></script>'
