"""The web process: gunicorn around the loaded application, with settings measured for it (docs/adr/0001)."""

import os
import resource
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, cast

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from config import THREADS, Settings
from processes.process import die_with_parent

ANSWER_TIMEOUT = 2.0
CONNECTIONS = 1000
FILES_BESIDE_SOCKETS = CONNECTIONS + 200
GOOD_BYE_SECONDS = 2.0


class Server(BaseApplication):
    """gunicorn, configured by our settings alone: no command line, no configuration file."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app, self._settings = app, settings
        super().__init__()

    def load_config(self) -> None:
        """Take the options over; called by gunicorn."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """The application, loaded long ago; called by gunicorn in its worker."""
        return self._app


def run(app: Flask, settings: Settings) -> None:
    """Serve the application until SIGTERM (sockets are told, requests finish) or SIGINT; leaves by SystemExit."""
    _allow_files(settings.ws_cap + FILES_BESIDE_SOCKETS)
    Server(app, settings).run()


def options(settings: Settings) -> dict[str, Any]:
    """gunicorn's settings: one process, its threads for pages alone, because sockets leave them (docs/adr/0011)."""
    return {
        "bind": _address(settings),
        "worker_class": "gthread",
        "workers": 1,
        "threads": THREADS,
        "worker_connections": CONNECTIONS,
        "keepalive": 5,
        "timeout": 60,
        "graceful_timeout": 10,
        "control_socket_disable": True,
        "forwarded_allow_ips": ",".join(map(str, settings.trusted_proxies)),
        "loglevel": "debug" if settings.log_level == "debug" else "warning",
        "post_fork": _stop_with_arbiter,
        "post_worker_init": _tell_sockets_first,
        "worker_exit": _let_sockets_go,
    }


def answers(settings: Settings) -> bool:
    """Whether something speaks HTTP at our address."""
    try:
        with socket.create_connection((settings.host, settings.port), ANSWER_TIMEOUT) as connection:
            connection.sendall(b"HEAD / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(16).startswith(b"HTTP/")
    except OSError:
        return False


def refuse_busy_address(settings: Settings) -> None:
    """Raise click.ClickException, one clear line, when we could not listen at our address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise click.ClickException(f"Cannot listen at {_address(settings)}: {reason}. See HOST and PORT.") from error


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _allow_files(needed: int) -> None:
    """Every socket takes a file descriptor, and the usual limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        needed = min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _stop_with_arbiter(arbiter: Arbiter, _worker: Worker) -> None:
    die_with_parent(arbiter.pid)


def _tell_sockets_first(worker: Worker) -> None:
    """On SIGTERM the hub closes all sockets with 1012 before gunicorn starts to wait for its connections."""
    app = cast(Flask, worker.wsgi)
    stop_gracefully = cast(Callable[[int, FrameType | None], None], signal.getsignal(signal.SIGTERM))

    def stop(number: int, frame: FrameType | None) -> None:
        app.extensions["hub"].stop()
        stop_gracefully(number, frame)

    signal.signal(signal.SIGTERM, stop)


def _let_sockets_go(_arbiter: Arbiter, worker: Worker) -> None:
    """gunicorn knows nothing of sockets: wait for the browsers' answers ourselves.

    Called in the worker, and once more in its parent, which has no application of its own.
    """
    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        app.extensions["hub"].wait_until_empty(GOOD_BYE_SECONDS)
