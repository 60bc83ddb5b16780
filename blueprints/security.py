"""What every answer carries and every request must pass: headers, sessions, proxies that we trust."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from ipaddress import ip_address
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import Flask, Response, current_app, redirect, request, session
from flask_limiter.util import get_remote_address
from flask_login import UserMixin, current_user, login_required, login_url, login_user, logout_user
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as WerkzeugResponse

from config import Network, Settings
from extensions import csrf, login
from models import Agent, SignIn
from services import audit
from services.attendance import statuses
from services.errors import Forbidden
from services.signing_in import sign_ins

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

P = ParamSpec("P")
T = TypeVar("T")

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "media-src 'self'; connect-src 'self' {socket}; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# The address changes with the content.
_FOR_EVER = "public, max-age=31536000, immutable"
_STRANGERS_FILE_POLICY = "default-src 'none'; sandbox"


class SignedIn(UserMixin):
    """A sign-in as Flask-Login wants it."""

    def __init__(self, sign_in: SignIn) -> None:
        self.sign_in, self.agent = sign_in, sign_in.agent

    def get_id(self) -> str:
        """What the cookie remembers."""
        return self.sign_in.key


def begin_session(agent: Agent) -> None:
    """Sign in, in the browser that asks, an agent who has just shown who they are. Raises `Forbidden`."""
    sign_in = sign_ins.begin(agent, browser=request.user_agent.string, address=get_remote_address())
    session.clear()
    session.permanent = True
    login_user(SignedIn(sign_in))


def end_session() -> None:
    """Sign out the browser that asks.

    The forgery token stays: another tab may be at the sign-in page before this answer has changed the cookie.
    """
    sign_ins.end(own_sign_in().id)
    logout_user()
    name = current_app.config["WTF_CSRF_FIELD_NAME"]
    token = session[name]
    session.clear()
    session[name] = token


def signed_in_agent() -> Agent:
    """The agent who makes this request; only where a sign-in is required."""
    agent: Agent = current_user.agent
    return agent


def own_sign_in() -> SignIn:
    """The sign-in of the browser that asks; only where a sign-in is required."""
    sign_in: SignIn = current_user.sign_in
    return sign_in


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
    login.unauthorized_handler(_lead_to_sign_in)
    # An answer that comes late must not bring back the cookie of a session that is over.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.after_request(_add_headers)
    app.before_request(_protect_from_forgery)
    app.before_request(_note_presence)
    app.teardown_request(lambda _error: audit.by(audit.SYSTEM))
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    if settings.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]


def _load(remembered: str) -> SignedIn | None:
    sign_in = sign_ins.with_key(remembered)
    return SignedIn(sign_in) if sign_in is not None else None


def _lead_to_sign_in() -> WerkzeugResponse:
    """To a page people come back after signing in, to what was being sent they cannot."""
    if request.method == "GET":
        return redirect(login_url(login.login_view, request.url))
    return redirect(login_url(login.login_view), 303)


def _note_presence() -> None:
    """Whoever asks for something is there, also where no socket gets through; sockets say so themselves.

    What they change in the settings is theirs.
    """
    audit.by(audit.NOBODY)
    if request.blueprint not in ("hooks", "widget", "live", None) and current_user.is_authenticated:
        agent = signed_in_agent()
        audit.by(agent.name, agent.id)
        statuses.arrive(agent)
        if sign_ins.note_seen(own_sign_in(), get_remote_address()):
            # The cookie lasts for as long as the browser is in use.
            session.modified = True


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
