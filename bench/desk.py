"""A desk as `make run` starts it: `flask up` with its defaults, on data and a port of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil
from flask import Flask

from app import create_app
from config import Settings
from models import Agent
from services.exchange import channels
from services.team import agents, groups
from tests.browsing import PASSWORD, Browser

ROOT = Path(__file__).parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LEFT_ALONE = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Desk:
    """A running desk, and the app in this process on the same data."""

    port: int
    environ: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def app(self) -> Flask:
        """An app on the desk's data and Redis."""
        return create_app(Settings.from_environ(self.environ))

    def processes(self) -> list[psutil.Process]:
        """Every process that `make run` would have started."""
        return family(psutil.Process(self.process.pid))

    def web(self) -> list[psutil.Process]:
        """The processes that serve pages and sockets: gunicorn's arbiter and its worker."""
        return [process for process in self.processes() if role(process) == "web"]


def family(parent: psutil.Process) -> list[psutil.Process]:
    """A process and everything below it."""
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """What these processes have used of the cores so far (/proc/PID/stat), in seconds."""
    times = [process.cpu_times() for process in processes]
    return sum(used.user + used.system for used in times)


def role(process: psutil.Process) -> str:
    """What a process of a desk does, by the name that it gave itself."""
    name = Path(f"/proc/{process.pid}/comm").read_text().strip()
    return {"valkey-server": "redis", "redis-server": "redis", "flask": "parent"}.get(name, name)


@contextmanager
def running(**environ: str) -> Iterator[Desk]:
    """A desk that is healthy; afterwards it is stopped and its data is gone."""
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as folder:
        given = {name: os.environ[name] for name in LEFT_ALONE if name in os.environ}
        given |= {"DATA_DIR": f"{folder}/data", "PORT": str(free_port()), **environ}
        with Path(folder, "log").open("wb") as log:
            command = [str(Path(sys.executable).with_name("flask")), "up"]
            process = subprocess.Popen(command, env=given, cwd=ROOT, stderr=log)
        desk = Desk(int(given["PORT"]), given, process)
        try:
            if not eventually(lambda: is_healthy(desk.port), START_SECONDS):
                raise RuntimeError(Path(folder, "log").read_text() or "the desk did not start")
            yield desk
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process of ours with everything below it, by their ids."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        for left in [one for one in below if one.is_running()]:
            left.kill()
    process.kill()
    process.wait()


def is_healthy(port: int) -> bool:
    """Whether every part of the desk works."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_open(port: int) -> bool:
    """Whether anybody listens on this port of the loopback address."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition holds within so many seconds; looked at every 20 ms."""
    deadline = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def make_agent(name: str) -> Agent:
    """An agent who can sign in with the password of the tests. Needs an app context."""
    return agents.create(email=f"{name.lower().replace(' ', '-')}@desk.example", name=name, password=PASSWORD)


def session_of(app: Flask, agent: Agent) -> str:
    """The cookie of a browser in which this agent has signed in."""
    client = app.test_client()
    Browser(client).sign_in(agent)
    cookie = client.get_cookie("deskbell")
    if cookie is None:
        raise RuntimeError("signing in set no cookie")
    return f"deskbell={cookie.value}"


def connect_chatra() -> str:
    """Connect a Chatra account that is never called; returns the path of its webhooks. Needs an app context."""
    credentials = {"public_key": "fake-public-key", "secret_key": "fake-secret-key"}
    group = groups.first()
    channel = channels.connect(kind="chatra", family="live_chat", name="Chatra", group=group, credentials=credentials)
    return f"/hooks/chatra/{channel.sealed_hook_token}"
