"""HTTP edges: read the request, call one service, render a page or a fragment."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every edge to the app."""
    from . import files, health, hooks, live, widget
    from .auth import views as auth
    from .cases import views as cases
    from .chats import refusals as chats
    from .integrations import views as integrations
    from .settings import views as settings
    from .team import agents, groups

    for edge in (auth, chats, cases, settings, agents, groups, integrations, files, hooks, widget, live, health):
        app.register_blueprint(edge.bp)
