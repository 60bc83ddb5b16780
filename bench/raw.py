"""Raw figures of the same machine in the same run: what the software below a desk can do when it does nothing else."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

import psutil

from bench import load
from bench.crowd import Crowd
from bench.desk import ROOT, cpu_seconds, eventually, family, free_port, is_open, stop
from bench.figures import Figure, spread
from bench.memory import pss_of
from bench.widget import packed
from tests.realtime.listening import Listener
from tests.redis import RealRedis

ECHOES = 300
PINGS = 4000
COMMITS = 1000
SOCKETS = 500
WARM_UP = 50
# As many as `flask up` allows for its sockets and pages.
THREADS = 1040
BARE = ROOT / "bench" / "bare"
CHANNEL = "raw"
PAUSE_SECONDS = 0.005
BODY = b"x" * 500


def measure(
    *, echoes: int = ECHOES, pings: int = PINGS, commits: int = COMMITS, sockets: int = SOCKETS
) -> dict[str, object]:
    """Measure the server software, the database and the files by themselves."""
    with RealRedis() as redis, _bare_server(redis.url) as (port, process):
        figures: dict[str, object] = {**_echo(port, redis, echoes)}
        figures |= _http(port, process, pings)
        figures |= _memory(port, process, sockets)
    figures |= _sqlite(commits)
    figures |= {"widget_closed_bytes": packed(panel=False), "widget_open_bytes": packed(panel=True)}
    return {"raw": figures}


@contextmanager
def _bare_server(redis_url: str) -> Iterator[tuple[int, psutil.Process]]:
    """gunicorn with the desk's worker class and number of threads."""
    port = free_port()
    threads = ["-k", "gthread", "--threads", str(THREADS), "--worker-connections", str(THREADS + 200)]
    quiet = ["--log-level", "warning", "--no-control-socket", "--keep-alive", "5", "--graceful-timeout", "1"]
    command = [sys.executable, "-m", "gunicorn", *threads, *quiet, "-b", f"127.0.0.1:{port}", "server:app"]
    environ = {**os.environ, "REDIS_URL": redis_url}
    process = subprocess.Popen(command, env=environ, cwd=BARE)
    try:
        if not eventually(lambda: is_open(port), 20):
            raise RuntimeError("the bare server did not start")
        yield port, psutil.Process(process.pid)
    finally:
        stop(process)


def _echo(port: int, redis: RealRedis, times: int) -> Figure:
    """From PUBLISH to the frame at the other end of a websocket."""
    with Listener.knock(port, "/echo") as listener, redis.client as client:
        listener.news()

        def once() -> float:
            time.sleep(PAUSE_SECONDS)
            began = perf_counter()
            client.publish(CHANNEL, "an echo")
            listener.frame()
            return (perf_counter() - began) * 1000

        for _ in range(WARM_UP):
            once()
        return spread([once() for _ in range(times)])


def _http(port: int, process: psutil.Process, times: int) -> dict[str, object]:
    """The least that a page can be, over eight connections."""
    load.drive(port, [load.get("/ping")] * WARM_UP).must_be(200)
    before = cpu_seconds(family(process))
    outcome = load.drive(port, [load.get("/ping")] * times)
    used = cpu_seconds(family(process)) - before
    outcome.must_be(200)
    return {
        "http_per_s": round(outcome.per_second, 1),
        "http_ms": spread(outcome.milliseconds, p99=True),
        "http_cpu_ms": round(used * 1000 / times, 3),
    }


def _memory(port: int, process: psutil.Process, sockets: int) -> Figure:
    """What the bare server takes by itself, and for sockets as flask-sock serves them."""
    processes = family(process)
    before = pss_of(processes)
    with Crowd(port, ["/idle"] * sockets) as crowd:
        time.sleep(1)
        crowd.must_be_complete()
        grown = pss_of(processes) - before
    return {"pss_mb": round(before, 1), "pss_mb_per_1000_sockets": round(grown * 1000 / sockets, 1)}


def _sqlite(times: int) -> dict[str, object]:
    """One row, inserted and on disk, again and again."""
    with (
        tempfile.TemporaryDirectory(prefix="deskbell-bench-") as folder,
        closing(sqlite3.connect(Path(folder, "raw.sqlite3"), isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, key TEXT UNIQUE, body BLOB)")
        milliseconds = [_commit(connection, number) for number in range(WARM_UP + times)][WARM_UP:]
    rate = 1000 * times / sum(milliseconds)
    return {"sqlite_commits_per_s": round(rate, 1), "sqlite_ms": spread(milliseconds, p99=True)}


def _commit(connection: sqlite3.Connection, number: int) -> float:
    began = perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO raw (key, body) VALUES (?, ?)", (f"key {number}", BODY))
    connection.execute("COMMIT")
    return (perf_counter() - began) * 1000
