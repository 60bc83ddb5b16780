"""The list of cases under load: its first page out of many thousand, as a signed-in agent sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bench import load
from bench.desk import cpu_seconds, make_agent, running, session_of
from bench.figures import percentile
from extensions import db
from models import Case, Customer, Status
from services import clock, desk
from services.team import groups
from services.uow import unit_of_work

CASES = 20_000
CUSTOMERS = 2_000
PAGES = 1500
WARM_UP = 200
ADDRESS = "/cases"
SUBJECTS = ("Where is my order?", "The invoice shows a wrong address", "Do you ship to Switzerland?", "Change of size")


def measure(*, cases: int = CASES, pages: int = PAGES, warm_up: int = WARM_UP) -> dict[str, object]:
    """Ask for the page over and over."""
    with running() as running_desk:
        app = running_desk.app
        with app.app_context():
            seed(cases)
            request = load.get(ADDRESS, cookie=session_of(app, make_agent("Ann")))
        load.drive(running_desk.port, [request] * warm_up).must_be(200)
        cpu = cpu_seconds(running_desk.web())
        outcome = load.drive(running_desk.port, [request] * pages)
        cpu = cpu_seconds(running_desk.web()) - cpu
        outcome.must_be(200)
    return {
        "chat_list": {
            "pages_per_s": round(outcome.per_second, 1),
            "cpu_ms": round(cpu * 1000 / pages, 2),
            "p95_ms": round(percentile(outcome.milliseconds, 0.95), 1),
            "p50_ms": round(percentile(outcome.milliseconds, 0.5), 1),
            "pages": pages,
            "warm_up": warm_up,
            "bytes": max(outcome.sizes),
            "client_cpu_ms": round(outcome.cpu_ms, 3),
        }
    }


def seed(cases: int) -> None:
    """Write so many ended cases of many customers straight into the database."""
    channel, group = desk.first_widget().channel, groups.first()
    now = clock.now()
    with unit_of_work() as session:
        names = [{"name": f"Customer {number}", "created_at": now} for number in range(CUSTOMERS)]
        ids = list(session.scalars(insert(Customer).returning(Customer.id), names))
        rows = [_case(number, ids[number % len(ids)], channel.id, group.id, now) for number in range(cases)]
        session.execute(insert(Case), rows)
    db.session.remove()


def _case(number: int, customer: int, channel: int, group: int, now: datetime) -> dict[str, Any]:
    said_at = now - timedelta(minutes=number)
    subject = SUBJECTS[number % len(SUBJECTS)]
    return {
        "channel_id": channel,
        "customer_id": customer,
        "group_id": group,
        "conversation": f"conversation {number}",
        "subject": subject,
        "last_words": f"{subject} It is number {number}.",
        "status": list(Status)[number % 3],
        "active": False,
        "rev": 3,
        "created_at": said_at,
        "updated_at": said_at,
        "started_at": said_at,
        "ended_at": said_at,
        "last_message_at": said_at,
    }
