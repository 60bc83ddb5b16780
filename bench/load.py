"""A light HTTP client in a process of its own: prepared requests over a few kept connections, one at a time on each.

It does nothing but write bytes, look for the end of the answer and note the time, so that it takes as little as
possible of the cores that it shares with the desk. What it takes is part of the outcome.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
LONGEST_SECONDS = 90.0
CHUNK = 1 << 18


@dataclass(frozen=True)
class Outcome:
    """How a load went. `milliseconds` holds the time of every answer, `cpu_ms` what the client took for each."""

    seconds: float
    cpu_ms: float
    milliseconds: list[float]
    statuses: dict[str, int]
    sizes: list[int]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.seconds

    def must_be(self, status: int) -> None:
        """Raise `RuntimeError` unless every answer had this status."""
        if set(self.statuses) != {str(status)}:
            raise RuntimeError(f"the desk answered {self.statuses}, not {status} alone")


def get(path: str, *, cookie: str = "") -> str:
    """A prepared GET."""
    extra = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{extra}\r\n"


def post_json(path: str, body: str) -> str:
    """A prepared POST of JSON in ASCII."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}"


def drive(port: int, requests: Sequence[str], *, connections: int = 8) -> Outcome:
    """Send these requests, in their order, from another process.

    Args:
        port: of the loopback address.
        requests: as they go over the wire.
        connections: how many are under way at any time.

    Raises:
        RuntimeError: the client failed or took longer than `LONGEST_SECONDS`.
    """
    order = json.dumps({"port": port, "connections": connections, "requests": requests})
    command = [sys.executable, "-m", "bench.load"]
    limit = LONGEST_SECONDS + 10
    done = subprocess.run(command, input=order, cwd=ROOT, text=True, capture_output=True, timeout=limit, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or "the client failed")
    return Outcome(**json.loads(done.stdout))


class _Line:
    """One kept connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.raw = socket.create_connection(("127.0.0.1", port), 10)
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._received = b""
        self._wanted = 0

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._received, self._wanted = b"", 0
        self.began = perf_counter()
        self.raw.sendall(request)

    def hear(self) -> bool:
        """Read what is there; tells whether the answer is whole. Raises `RuntimeError` when the desk hangs up."""
        data = self.raw.recv(CHUNK)
        if not data:
            raise RuntimeError("the desk closed a connection before it answered")
        self._received += data
        if not self._wanted:
            self._wanted = _length(self._received)
        return 0 < self._wanted <= len(self._received)

    @property
    def status(self) -> str:
        """The status of the answer."""
        return self._received[9:12].decode()

    @property
    def size(self) -> int:
        """The bytes of the answer, headers included."""
        return self._wanted


def _length(received: bytes) -> int:
    """How long the whole answer is, 0 while its head is not there."""
    head, end, _ = received.partition(b"\r\n\r\n")
    if not end:
        return 0
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise RuntimeError(f"an answer without a length: {head[:80]!r}")
    return len(head) + 4 + int(rest.partition(b"\r\n")[0])


@dataclass
class _Tally:
    """What came back so far."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    sizes: set[int] = field(default_factory=set)

    def note(self, line: _Line) -> None:
        """Count a whole answer."""
        self.milliseconds.append((perf_counter() - line.began) * 1000)
        self.statuses[line.status] += 1
        self.sizes.add(line.size)


def run(port: int, requests: Sequence[bytes], connections: int) -> Outcome:
    """Send the requests from this process."""
    tally = _Tally()
    with selectors.DefaultSelector() as selector:
        lines = [_Line(port) for _ in range(min(connections, len(requests)))]
        for line in lines:
            selector.register(line.raw, selectors.EVENT_READ, line)
        began, cpu = perf_counter(), _cpu_seconds()
        _exchange(selector, lines, requests, tally)
        seconds, cpu = perf_counter() - began, _cpu_seconds() - cpu
    per_request = cpu * 1000 / len(requests)
    return Outcome(seconds, per_request, tally.milliseconds, dict(tally.statuses), sorted(tally.sizes))


def _exchange(
    selector: selectors.BaseSelector, lines: Sequence[_Line], requests: Sequence[bytes], tally: _Tally
) -> None:
    """Keep every line busy until all is answered."""
    waiting, deadline = deque(requests), perf_counter() + LONGEST_SECONDS
    for line in lines:
        line.ask(waiting.popleft())
    while len(tally.milliseconds) < len(requests):
        ready = selector.select(LONGEST_SECONDS)
        if not ready or perf_counter() > deadline:
            answered = len(tally.milliseconds)
            raise RuntimeError(f"only {answered} of {len(requests)} answers in {LONGEST_SECONDS:g} s")
        for line in (key.data for key, _ in ready):
            if line.hear():
                tally.note(line)
                if waiting:
                    line.ask(waiting.popleft())


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _main() -> None:
    order = json.load(sys.stdin)
    requests = [request.encode("ascii") for request in order["requests"]]
    outcome = run(order["port"], requests, order["connections"])
    json.dump(outcome.__dict__, sys.stdout)


if __name__ == "__main__":
    _main()
