"""Settings → Statuses and Time in statuses: administrators make statuses and see how long everybody was in which."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from blueprints import spreadsheet
from models import Agent, AgentStatus, StatusKind
from services.attendance import custom_statuses, statuses
from services.attendance.custom_statuses import Custom
from tests import factories as make
from tests.browsing import Browser
from tests.realtime.test_publish import listening
from tests.redis import RealRedis

STATUSES, TIMES = "/settings/statuses", "/settings/statuses/times"
LUNCH = {"name": "Lunch", "cases": "view", "chats": "none", "returns": "y", "daily_minutes": "45"}
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lunch(admin: Browser) -> AgentStatus:
    assert admin.submit(STATUSES, **LUNCH).status_code == 303
    return custom_statuses.everything()[-1]


@pytest.mark.parametrize("page", [STATUSES, TIMES, f"{TIMES}/file"])
def test_administrators_alone_see_them(client: FlaskClient, page: str) -> None:
    assert Browser(client).sign_in(make.agent()).get(page).status_code == 403


def test_a_status_is_made_and_can_be_chosen_by_everybody(admin: Browser, lunch: AgentStatus, ann: Agent) -> None:
    assert (lunch.name, lunch.cases, lunch.chats, lunch.returns, lunch.daily_minutes) == (
        "Lunch",
        "view",
        "none",
        True,
        45,
    )
    assert "Cases: view only · Active chats: no access · 45 minutes a day" in admin.get(STATUSES).text
    assert "Lunch" in admin.get("/chats").text


def test_a_status_is_changed_withdrawn_and_used_again(admin: Browser, lunch: AgentStatus, ann: Agent) -> None:
    address = f"{STATUSES}/{lunch.id}"
    assert admin.submit(address, **{**LUNCH, "name": "Break", "daily_minutes": ""}).status_code == 303
    statuses.choose(ann.id, lunch.id)
    assert admin.submit(f"{address}/withdraw", page=STATUSES).status_code == 303
    assert (statuses.of(ann).kind, custom_statuses.everything()[-1].active) == (StatusKind.OFFLINE, False)
    assert admin.submit(f"{address}/use-again", page=STATUSES).status_code == 303
    assert [(status.name, status.daily_minutes) for status in statuses.choices()][-1] == ("Break", None)


def test_what_cannot_be_taken_is_told_at_its_field(admin: Browser, lunch: AgentStatus) -> None:
    for changes, told in (
        ({"name": ""}, "Enter a name."),
        ({"name": "lunch"}, "exists already"),
        ({"name": "Break", "daily_minutes": "1500"}, "Choose between 1 and 1440 minutes."),
        ({"name": "Break", "daily_minutes": "soon"}, "Enter a whole number of minutes."),
        ({"name": "Break", "cases": "sometimes"}, "Not a valid choice"),
    ):
        answer = admin.submit(STATUSES, **{**LUNCH, **changes})
        assert (answer.status_code, told in answer.text) == (422, True), changes


def test_one_whose_name_another_one_has_meanwhile_stays_withdrawn(admin: Browser, lunch: AgentStatus) -> None:
    admin.submit(f"{STATUSES}/{lunch.id}/withdraw", page=STATUSES)
    custom_statuses.create(Custom("Lunch", "none", "none"))
    admin.submit(f"{STATUSES}/{lunch.id}/use-again", page=STATUSES)
    assert "A status with this name exists already." in admin.get(STATUSES).text


@pytest.mark.parametrize("number", [1, 4711])
def test_the_built_in_ones_have_no_page(admin: Browser, number: int) -> None:
    assert admin.get(f"{STATUSES}/{number}").status_code == 404


def test_every_open_page_gets_the_new_menu_at_once(
    admin: Browser, lunch: AgentStatus, ann: Agent, real_redis: RealRedis
) -> None:
    with listening(real_redis) as ear:
        admin.submit(STATUSES, **{**LUNCH, "name": "Training"})
        menus = [frame for frame in ear.everything() if "status-menu" in frame.payload]
    assert {topic for frame in menus for topic in frame.topics} >= {f"agent:{ann.id}"}
    assert all("Training" in frame.payload for frame in menus)


def test_the_times_of_a_day_are_told_of_everybody(clock: time_machine.Traveller, admin: Browser, ann: Agent) -> None:
    clock.shift(timedelta(hours=2, minutes=5))
    statuses.choose(ann.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
    clock.shift(timedelta(minutes=59))
    page = admin.get(TIMES).text
    assert row(page, "Ann") == ["2:05", "–", "0:59"]
    assert 'value="2026-03-04"' in page
    assert row(admin.get(f"{TIMES}?day=2026-03-03").text, "Ann") == ["–", "–", "–"]


def row(page: str, name: str) -> list[str]:
    found = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', page, re.DOTALL)
    assert found is not None
    return re.findall(r"<td[^>]*>([^<]*)</td>", found[1])


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "9999-12-31", "9" * 99])
def test_a_day_that_is_none_or_has_not_come_is_today(clock: time_machine.Traveller, admin: Browser, day: str) -> None:
    assert 'value="2026-03-04"' in admin.get(f"{TIMES}?day={day}").text


def test_the_first_of_all_days_is_empty(admin: Browser) -> None:
    assert admin.get(f"{TIMES}?day={date.min}").status_code == 200


def test_the_same_comes_as_a_file_for_spreadsheets(clock: time_machine.Traveller, admin: Browser, ann: Agent) -> None:
    clock.shift(timedelta(hours=1))
    answer = admin.get(f"{TIMES}/file?day=2026-03-04")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statuses-2026-03-04.csv"'
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines[0] == ["Day", "Name", "E-mail", "Online", "Offline", "Without chats"]
    assert ["2026-03-04", "Ann", ann.email, "1:00", "0:00", "0:00"] in lines


def test_nothing_in_such_a_file_is_calculated() -> None:
    written = spreadsheet.download("names.csv", [["=1+1", "@x", "-2", "Ann", "a=b"]]).get_data(as_text=True)
    assert written.strip("\ufeff\r\n") == "'=1+1,'@x,'-2,Ann,a=b"
