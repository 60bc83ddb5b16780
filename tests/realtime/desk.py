"""A whole desk in processes of its own, and the sockets of the people around it."""

from __future__ import annotations

import http.client
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir

from flask import Flask

from blueprints.widget_auth import make_ticket
from config import Settings
from models import Agent, Case
from tests import databases
from tests import factories as make
from tests.browsing import Browser
from tests.processes.running import ROOT, Desk, eventually, free_port
from tests.realtime.listening import BEAT, Listener, Refused

_numbers = itertools.count(1)

START_SECONDS = 60.0
ANSWER_SECONDS = 3.0


@dataclass
class WholeDesk(Desk):
    """What `flask up` has started."""

    @property
    def port(self) -> int:
        """Where it serves."""
        return int(self.environ["PORT"])

    @property
    def origin(self) -> str:
        """Its address, as browsers name it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        """The settings that it runs with, for an app on the same data."""
        return Settings.from_environ(self.environ)

    def page(self, path: str, *, cookie: str = "") -> int:
        """The status with which a page is answered. Raises `TimeoutError` after `ANSWER_SECONDS`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path, headers={"Cookie": cookie})
            return connection.getresponse().status
        finally:
            connection.close()

    def is_healthy(self) -> bool:
        """Whether every part of it works."""
        with suppress(OSError):
            return self.page("/healthz") == 200
        return False


@contextmanager
def whole_desk(folder: Path, **environ: str) -> Iterator[WholeDesk]:
    """A desk that is healthy; afterwards nothing of it is left."""
    given = {"DATA_DIR": str(folder / "data"), "PORT": str(free_port()), "WORKERS_VENDOR": "1", **environ}
    given |= {"PATH": os.environ["PATH"], "TMPDIR": gettempdir(), "PYTHONWARNINGS": "error"}
    with databases.empty(folder / "data") as database, _started(folder, database | given) as desk:
        yield desk


@contextmanager
def _started(folder: Path, environ: dict[str, str]) -> Iterator[WholeDesk]:
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "flask", "up"], env=environ, stderr=stderr, cwd=ROOT)
    desk = WholeDesk(process, folder, environ)
    try:
        assert eventually(desk.is_healthy, START_SECONDS), desk.stderr()
        yield desk
        assert process.poll() is not None or desk.stop(signal.SIGTERM) == 0
    finally:
        for left in desk.processes() if process.poll() is None else []:
            left.kill()
        process.wait()


def newcomer() -> str:
    """A visitor whom the desk has not met."""
    return f"visitor {next(_numbers)}"


@dataclass
class People:
    """Signs people in and opens their sockets."""

    desk: WholeDesk
    app: Flask
    sockets: list[Listener] = field(default_factory=list)

    def cookie(self, agent: Agent) -> str:
        """The header of a browser in which this agent has signed in."""
        client = self.app.test_client()
        Browser(client).sign_in(agent)
        found = client.get_cookie("deskbell")
        assert found is not None
        return f"deskbell={found.value}"

    def agent(self, name: str = "Ann", *, language: str = "") -> Listener:
        """A new agent who listens."""
        cookie = self.cookie(make.agent(name, language=language))
        return self._joined("/live", Cookie=cookie, Origin=self.desk.origin)

    def customer(self, case: Case, *, receive_buffer: int | None = None) -> Listener:
        """The customer of a case, who listens; with a small buffer the desk notices soon when they do not read."""
        return self._joined(f"/widget/live?ticket={self.ticket(case)}", receive_buffer)

    def ticket(self, case: Case) -> str:
        """What opens the socket of this case's customer."""
        return make_ticket(case.customer.identities[0])

    def refusal(self, path: str, **headers: str) -> Refused:
        """How a handshake is refused."""
        try:
            self.knock(path, None, **headers)
        except Refused as refused:
            return refused
        raise AssertionError(f"{path} let somebody in")

    def knock(self, path: str, receive_buffer: int | None = None, **headers: str) -> Listener:
        """A socket of which nothing was read yet. Raises `Refused`."""
        listener = Listener.knock(self.desk.port, path, receive_buffer=receive_buffer, **headers)
        self.sockets.append(listener)
        return listener

    def may_join(self, path: str, **headers: str) -> bool:
        """Whether there was a place for one more socket."""
        with suppress(Refused):
            return self.knock(path, **headers).frame() is not None
        return False

    def leave(self) -> None:
        """Close every socket."""
        while self.sockets:
            self.sockets.pop().raw.close()

    def _joined(self, path: str, receive_buffer: int | None = None, **headers: str) -> Listener:
        """A socket whose desk knows of it: nothing that comes from now on is missed."""
        listener = self.knock(path, receive_buffer, **headers)
        first = listener.frame()
        assert first is not None
        assert first.payload.decode() == BEAT
        return listener
