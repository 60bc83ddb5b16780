"""The demo as people start it: what it refuses is told in one line, before anything is touched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from demo import seed
from demo.chatra import UNNAMED_FIELD
from extensions import db
from models import Case, Channel, Customer, Message
from services.attendance import statuses
from services.conversations import cases, chat_list
from services.exchange import outbox
from services.team import agents
from tests.jobs.working import environ_of
from tests.opening import opened
from tests.serving import work_off
from tests.vendors.chatra import ChatraSimulator

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


@pytest.mark.sqlite("what the demo shows")
class TestChatra:
    """Everything of the simulated account stands at the desk when it starts."""

    @pytest.fixture
    def chatra(self) -> Iterator[ChatraSimulator]:
        with ChatraSimulator() as simulator:
            yield simulator

    @pytest.fixture
    def app(self, settings: Settings, chatra: ChatraSimulator) -> Iterator[Flask]:
        """The demo's desk."""
        shown = replace(settings, chatra_api_url=chatra.url)
        seed.fill(environ_of(shown), chatra, "http://127.0.0.1:9")
        with opened(shown) as app:
            yield app

    def thread(self) -> list[Message]:
        """The chat that has everything in it."""
        query = select(Message).join(Case, Case.id == Message.case_id).join(Customer, Customer.id == Case.customer_id)
        return list(db.session.scalars(query.where(Customer.name == "Elif Demir").order_by(Message.position)))

    def test_a_bot_and_a_colleague_have_spoken_and_one_answer_has_failed(self, app: Flask) -> None:
        assert [(said.author, said.author_name, said.delivery) for said in self.thread()] == [
            ("customer", "", "none"),
            ("bot", "Olga", "none"),
            ("agent", "Olga", "none"),
            ("agent", "Ann Fischer", "sent"),
            ("customer", "", "none"),
            ("agent", "Ann Fischer", "failed"),
        ]

    def test_the_failed_answer_arrives_when_it_is_sent_again(self, app: Flask, chatra: ChatraSimulator) -> None:
        failed = self.thread()[-1]
        ann = agents.by_email(seed.ADMINISTRATOR)
        assert ann is not None
        statuses.begin(ann.id)
        outbox.send_again(failed.id, ann)
        work_off(app)
        assert [said.text for said in chatra.store.messages if said.type == "agent"][-1] == failed.text

    def test_the_mapped_group_has_one_chat_and_the_default_group_the_other(self, app: Flask) -> None:
        query = select(Case).join(Channel, Channel.id == Case.channel_id).where(Channel.kind == "chatra")
        assert [case.group.name for case in db.session.scalars(query.order_by(Case.id))] == ["Billing", "Sales"]

    def test_the_data_has_fields_with_and_without_a_property_key(self, app: Flask) -> None:
        case = db.session.get_one(Case, self.thread()[0].case_id)
        details = case.customer.identities[0].details
        assert (details["Plan"], details["orderNumber"]) == ("Gold", "7731")
        assert "42" in details.values()
        assert UNNAMED_FIELD not in details

    def test_the_website_has_a_chat_that_waits_and_cases_that_are_over(self, app: Flask) -> None:
        ann = agents.authenticate(seed.ADMINISTRATOR, seed.PASSWORD)
        assert ann is not None
        assert "Maria Kühn" in [row.customer_name for row in chat_list.rows(ann)]
        assert len(cases.ended(ann, cases.Wanted()).rows) == len(seed.STORIES) - 1
