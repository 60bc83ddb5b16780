"""A web process that is killed in the moment between a commit and the doorbell.

Run as a program by the tests: python -m tests.flows.doomed_web CASE AGENT TEXT
"""

from __future__ import annotations

import os
import signal
import sys

import app as deskbell
from extensions import db
from models import Agent
from services.conversations import chats
from services.events import Work, committed


def _die(_work: Work) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Answer in a chat and be gone."""
    case_id, agent_id, text = sys.argv[1:]
    with deskbell.create_app().app_context():
        committed.disconnect(deskbell._after_commit)
        committed.connect(_die)
        chats.reply(int(case_id), db.session.get_one(Agent, int(agent_id)), text)


if __name__ == "__main__":
    main()
