"""HTTP edges: read the request, call one service, render a page or a fragment."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every edge to the app."""
    from . import files, health, hooks, live, widget
    from .auth import own_security, own_two_factor, password_links, profile, second_step
    from .auth import views as auth
    from .cases import views as cases
    from .chats import refusals as chats
    from .integrations import chatra, connection, gallery, presence, states
    from .integrations import log as integration_log
    from .notifications import views as notifications
    from .settings import audit
    from .settings import views as settings
    from .team import agents, groups, invitations, joining, roles, status_times, statuses

    for edge in (
        auth,
        second_step,
        profile,
        own_security,
        own_two_factor,
        password_links,
        notifications,
        chats,
        cases,
        settings,
        agents,
        invitations,
        joining,
        roles,
        groups,
        statuses,
        status_times,
        audit,
        gallery,
        chatra,
        connection,
        states,
        presence,
        integration_log,
        files,
        hooks,
        widget,
        live,
        health,
    ):
        app.register_blueprint(edge.bp)
