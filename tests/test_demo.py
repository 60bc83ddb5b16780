"""The demo as people start it: what it refuses is told in one line, before anything is touched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config import Settings
from demo import seed
from services.conversations import cases, chat_list
from services.exchange import channels
from services.team import agents
from tests import databases
from tests.opening import opened
from tests.redis import RealRedis

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_the_ports_behind_the_desks_have_to_be_free_too(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = {**os.environ, "PORT": str(port - 1), "DATA_DIR": str(data)}
        run = subprocess.run(
            [sys.executable, "-m", "demo"], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60
        )
    (line,) = run.stderr.splitlines()
    assert (run.returncode, run.stdout) == (1, "")
    # The port before the taken one may be taken as well, by somebody else.
    assert line.startswith("Port ")
    assert line.endswith("(Address already in use): set PORT to the first of three free ones.")
    assert not data.exists()


def test_its_desk_has_chats_to_look_at(tmp_path: Path, real_redis: RealRedis) -> None:
    given = {"DATA_DIR": str(tmp_path), "REDIS_URL": real_redis.url}
    with databases.empty(tmp_path) as database:
        key = seed.fill(given | database)
        with opened(Settings.from_environ(given | database)):
            assert channels.widget_by_key(key) is not None
            ann = agents.authenticate(seed.ADMINISTRATOR, seed.PASSWORD)
            assert ann is not None
            assert [row.customer_name for row in chat_list.rows(ann)] == ["Maria Kühn"]
            assert len(cases.ended(ann).rows) == len(seed.STORIES) - 1
