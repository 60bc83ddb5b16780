"""What every answer carries and every request must pass: headers, sessions, proxies that we trust."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from functools import wraps
from ipaddress import ip_address
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import Flask, Response, request, session
from flask_limiter.util import get_remote_address
from flask_login import UserMixin, current_user, login_required
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Network, Settings
from extensions import csrf, login
from models import Agent
from services import agents, statuses
from services.errors import Forbidden

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

P = ParamSpec("P")
T = TypeVar("T")

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "media-src 'self'; connect-src 'self' {socket}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The address changes with the content.
_FOR_EVER = "public, max-age=31536000, immutable"
_BROWSER = "browser"
_STRANGERS_FILE_POLICY = "default-src 'none'; sandbox"


class SignedIn(UserMixin):
    """The agent of a session, as Flask-Login wants it. `session_version` ends sessions when it grows."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent

    def get_id(self) -> str:
        """What the session remembers."""
        return f"{self.agent.id}.{self.agent.session_version}"


def begin_browser_session() -> None:
    """Name the session of this browser, so that all its tabs can be told when it is over."""
    session[_BROWSER] = secrets.token_urlsafe(12)


def browser_session() -> str:
    """The name of this browser's session; empty for one that began before sessions had names."""
    return str(session.get(_BROWSER, ""))


def signed_in_agent() -> Agent:
    """The agent who makes this request; only where a sign-in is required."""
    agent: Agent = current_user.agent
    return agent


def agent_key() -> str:
    """What an agent's rate of requests is counted by: colleagues may share an address."""
    return f"agent {signed_in_agent().id}" if current_user.is_authenticated else get_remote_address()


def administrators_only(view: Callable[P, T]) -> Callable[P, T]:
    """Let administrators through; others are told that they may not."""

    @wraps(view)
    @login_required
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        if not signed_in_agent().is_admin:
            raise Forbidden
        return view(*args, **kwargs)

    return guarded


class TrustedProxies:
    """WSGI middleware: believes forwarding headers only from proxies that the operator has named."""

    def __init__(self, app: WSGIApplication, trusted: tuple[Network, ...]) -> None:
        self._app = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the request through, with the browser's address where it can be known."""
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            return self._behind_proxy(environ, start_response)
        return self._app(environ, start_response)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)


def register(app: Flask) -> None:
    """Set up sessions, headers and proxies."""
    settings: Settings = app.config["DESKBELL"]
    login.login_view = "auth.sign_in"
    login.login_message = None
    login.user_loader(_load)
    app.after_request(_add_headers)
    app.before_request(_protect_from_forgery)
    app.before_request(_note_presence)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    if settings.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]


def _load(remembered: str) -> SignedIn | None:
    agent_id, _, version = remembered.partition(".")
    if not (agent_id.isdigit() and version.isdigit()):
        return None
    agent = agents.by_id(int(agent_id))
    return SignedIn(agent) if agent is not None and agent.session_version == int(version) else None


def _note_presence() -> None:
    """Whoever asks for something is there, also where no socket gets through; sockets say so themselves."""
    if request.blueprint not in ("hooks", "widget", "live", None) and current_user.is_authenticated:
        statuses.arrive(signed_in_agent())


def _protect_from_forgery() -> None:
    """Check the token on everything that uses the session; hooks and the widget use none."""
    if request.blueprint not in ("hooks", "widget"):
        csrf.protect()


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _PAGE_POLICY.format(socket=_socket_origin()))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static" and "v" in request.args:
        headers["Cache-Control"] = _FOR_EVER
    if response.mimetype == "text/html":
        headers.setdefault("Cache-Control", "no-store")
    return response


def _socket_origin() -> str:
    return f"{'wss' if request.is_secure else 'ws'}://{request.host}"


def guard_file(response: Response) -> Response:
    """Make a stranger's file harmless: no scripts, no sniffing, whatever a browser thinks it is."""
    response.headers["Content-Security-Policy"] = _STRANGERS_FILE_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
