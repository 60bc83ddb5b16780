"""What a desk takes of the machine's memory: the proportional share (PSS) of each of its processes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import psutil

from bench import load
from bench.browsers import new_mark, seen_at, street, write
from bench.crowd import Crowd, tickets
from bench.desk import Desk, connect_chatra, eventually, make_agent, role, running, session_of
from bench.talk import AGENTS_BOX, VISITORS_BOX, open_chat
from bench.webhooks import Shop, applied

SOCKETS = 900
QUIET_SECONDS = 5.0
LONGEST_SECONDS = 60.0
# Longer than from one ping to the next, so that every socket was used.
IDLE_SECONDS = 15.0
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)

Shares = dict[str, float]


def measure(*, sockets: int = SOCKETS, used: int = 300) -> dict[str, object]:
    """Weigh a desk that is idle after its first page and chat, one that worked, and the sockets of idle widgets."""
    with running() as desk:
        _first_chat(desk)
        idle = _when_quiet(desk)
        _work(desk, used)
        worked = _when_quiet(desk)
        before = pss_of(desk.web())
        with Crowd(desk.port, tickets(desk.app, sockets)) as crowd:
            time.sleep(IDLE_SECONDS)
            crowd.must_be_complete()
            web = pss_of(desk.web())
    return {
        "idle_pss_mb": round(sum(idle.values()), 1),
        "pss_mb_per_1000_sockets": round((web - before) * 1000 / sockets, 1),
        "memory": {
            "idle_pss_mb_by_process": idle,
            "used_pss_mb": round(sum(worked.values()), 1),
            "used_pss_mb_by_process": worked,
            "sockets": sockets,
        },
    }


def pss_mb(process: psutil.Process) -> float:
    """The share of a process, in MB of 1024 × 1024 bytes. Needs the rights of its user."""
    found = _PSS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text())
    return int(found[1]) / 1024 if found else 0.0


def pss_of(processes: list[psutil.Process]) -> float:
    """The share of some processes together, in MB."""
    return sum(pss_mb(process) for process in processes)


def shares(desk: Desk) -> Shares:
    """The share of each process, by what it does, in MB."""
    found: Shares = {}
    for number, process in enumerate(desk.processes()):
        found[f"{number} {role(process)}"] = round(pss_mb(process), 1)
    return found


def _when_quiet(desk: Desk) -> Shares:
    """The shares once the desk has had nothing to do for a while."""
    time.sleep(QUIET_SECONDS)
    return shares(desk)


def _first_chat(desk: Desk) -> None:
    """Somebody signs in, a visitor writes and is answered; then both leave."""
    with street(desk) as around:
        agent, visitor = around.agent("Ann"), around.visitor("Maria")
        question, answer = new_mark(), new_mark()
        write(visitor, VISITORS_BOX, question)
        seen_at(agent, question, where="listed")
        open_chat(agent, "Maria")
        write(agent, AGENTS_BOX, answer)
        seen_at(visitor, answer)
        around.close()


def _work(desk: Desk, times: int) -> None:
    """Pages and webhooks, until all is applied."""
    with desk.app.app_context():
        path, cookie = connect_chatra(), session_of(desk.app, make_agent("Bob"))
    shop = Shop(times // 5)
    load.drive(desk.port, [load.get("/chats", cookie=cookie)] * times).must_be(200)
    load.drive(desk.port, [load.post_json(path, shop.delivery("Hello?")) for _ in range(times)]).must_be(200)
    with desk.app.app_context():
        eventually(lambda: applied() == times, LONGEST_SECONDS)
