"""A desk that answers on a loopback port inside the test's process, and workers that run on demand."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from flask import Flask
from rq import Queue
from werkzeug.serving import WSGIRequestHandler, make_server

from jobs import worker
from jobs.queues import LOCAL, VENDOR
from realtime.bus import bus


class ServedDesk:
    """The app behind a threaded server for as long as the `with` block lasts."""

    def __init__(self, app: Flask) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_SilentHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def work_off(app: Flask) -> None:
    """Run workers until no job is left, as the running desk would."""
    queues = [Queue(name, connection=bus.redis) for name in (*LOCAL, *VENDOR)]
    while any(len(queue) for queue in queues):
        worker.make(app, (*LOCAL, *VENDOR)).work(burst=True, logging_level="ERROR")


class _SilentHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Stay silent."""
