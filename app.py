"""The application: extensions, edges and the wiring between a commit and those who hear of it."""

from __future__ import annotations

import os

import redis
from flask import Flask

import blueprints
import cli
import logs
from blueprints import browser_names, errors, htmx, ids, locale, pages, security, wording
from channels.registry import KINDS, Registry
from config import THREADS, Settings
from extensions import csrf, db, files, limiter, login, sock, vault
from jobs import distribution, presence, push, queues
from processes import commands
from realtime import alerts, availability, publish
from realtime.attendance import Attendance
from realtime.bus import bus
from realtime.connection import NoThread
from realtime.gate import WebsocketGate
from realtime.hub import Hub
from realtime.places import Places
from services.events import Work, committed
from services.exchange import channels

LARGEST_REQUEST = 52 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application. Opens no connection and starts no thread, so that processes may fork it.

    Raises:
        config.SettingError: the environment holds a value that cannot be used.
    """
    settings = settings or Settings.from_environ(os.environ)
    logs.configure(settings.log_level)
    app = Flask(__name__, static_folder="static")
    app.config.from_mapping(_flask_config(settings))
    _init_extensions(app, settings)
    # Inside the trust in proxies, which `security` wraps around it: places are counted by the browser's address.
    _wire(app, settings)
    for init in (ids, security, errors, htmx, locale, pages, wording, browser_names, blueprints, cli, commands):
        init.register(app)
    for kind, adapter in KINDS.items():
        channels.know(kind, adapter.capabilities)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "DESKBELL": settings,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "hide_parameters": True,
            "max_overflow": THREADS,
        },
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "SESSION_COOKIE_NAME": "deskbell",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 30 * 24 * 60 * 60,
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_STORAGE_URI": settings.limiter_url,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "SOCK_SERVER_OPTIONS": {"thread_class": NoThread},
        "BABEL_DEFAULT_LOCALE": settings.language,
    }


def _init_extensions(app: Flask, settings: Settings) -> None:
    vault.unlock(settings.secret_key)
    files.keep_in(settings.data_dir / "files")
    db.init_app(app)
    login.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    sock.init_app(app)


def _wire(app: Flask, settings: Settings) -> None:
    """Connect the domain to those who tell the browsers and wake the workers."""
    bus.connect_to(redis.Redis.from_url(settings.redis_url, health_check_interval=30), vault.sign("bus")[:16])
    app.extensions["channels"] = Registry(chatra_api_url=settings.chatra_api_url)
    places = Places(settings.ws_cap, settings.ws_cap_per_address)
    app.extensions["hub"] = Hub(bus, places)
    app.extensions["attendance"] = Attendance(app, app.extensions["hub"])
    app.wsgi_app = WebsocketGate(app.wsgi_app, places)  # type: ignore[method-assign]
    committed.connect(_after_commit)


def _after_commit(work: Work) -> None:
    """Wake the workers, then tell the browsers."""
    queues.after_commit(work)
    distribution.after_commit(work)
    presence.after_commit(work)
    push.after_commit(work)
    publish.after_commit(work)
    alerts.after_commit(work)
    availability.after_commit(work)
