"""Attendance: which agents have a page open here is written down every few seconds (`agent.connected_until`).

Each web process notes its own. Nothing of it is kept in Redis, so that losing Redis says nothing about anybody.
"""

from __future__ import annotations

import logging
import threading
import time

from flask import Flask

from services.attendance import statuses
from services.signing_in import sign_ins

from . import topics
from .hub import Hub

log = logging.getLogger(__name__)


class Attendance:
    """Notes who is there, from the first socket on."""

    def __init__(self, app: Flask, hub: Hub, every_seconds: float = statuses.BEAT_SECONDS) -> None:
        self._app, self._hub, self._every = app, hub, every_seconds
        self._lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Begin to note; after the fork, which threads do not survive."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, daemon=True, name="attendance").start()

    def note(self) -> None:
        """Write down who is there now. What cannot be written is written by the next beat.

        Browsers whose sign-in has ended and that were not told, because Redis was away, are hung up.
        """
        heard = self._hub.heard()
        present = [agent_id for topic in heard if (agent_id := topics.agent_of(topic)) is not None]
        keys = {key for topic in heard if (key := topics.key_of(topic)) is not None}
        with self._app.app_context():
            self._hub.hang_up(topics.browser(key) for key in sign_ins.ended_among(keys))
            statuses.note_connected(present)

    def _run(self) -> None:
        while True:
            time.sleep(self._every)
            try:
                self.note()
            except Exception:
                log.exception("who is there could not be noted")
