"""A kill between commit and push loses nothing: the sweep pushes what nobody was told of."""

from __future__ import annotations

import signal
import subprocess
import sys
from time import monotonic

import pytest

from services.conversations import messages
from tests import factories as make
from tests.processes.running import ROOT, eventually
from tests.realtime.desk import People, WholeDesk, newcomer
from tests.realtime.test_redis_away import unpublished

pytestmark = pytest.mark.slow

AT_MOST_SECONDS = 10.0


@pytest.mark.row("R9")
def test_what_a_process_stored_but_could_not_push_any_more_is_pushed_by_the_sweep(
    people: People, desk: WholeDesk
) -> None:
    maria = newcomer()
    case = make.chat(visitor=maria)
    ann, customer = people.agent(), people.customer(case)
    words = [sys.executable, "-m", "tests.realtime.dying", maria, "my last words"]
    killed = subprocess.run(words, env=desk.environ, cwd=ROOT, check=False)
    died_at = monotonic()
    assert killed.returncode == -signal.SIGKILL
    assert [message.text for message in messages.latest(make.fresh(case).id)] == ["Hello", "my last words"]
    for listener in (ann, customer):
        assert any("my last words" in news for news in listener.texts())
    assert monotonic() - died_at < AT_MOST_SECONDS
    assert eventually(lambda: unpublished(case) == 0)
