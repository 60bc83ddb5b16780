"""How long everybody was in each status on a day: a table, and the same for spreadsheets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from blueprints import spreadsheet
from blueprints.security import administrators_only
from blueprints.wording import agent_status
from models import Agent, AgentStatus
from services import clock
from services.attendance import custom_statuses, status_times
from services.team import staffing

bp = Blueprint("status_times", __name__, url_prefix="/settings/statuses/times")

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Table:
    """The times of one day: a row for each agent, a column for each status, None where there was nothing."""

    day: date
    statuses: list[AgentStatus]
    rows: list[tuple[Agent, list[timedelta | None]]]


@bp.get("")
@administrators_only
def index() -> str:
    """The table of one day."""
    return render_template(
        "team/status_times.html", table=_table(), today=clock.now().date(), hours=hours, active_section="settings"
    )


@bp.get("/file")
@administrators_only
def file() -> Response:
    """The same as CSV."""
    table = _table()
    names = [agent_status(status) for status in table.statuses]
    lines = [[gettext("Day"), gettext("Name"), gettext("E-mail"), *names]]
    for agent, times in table.rows:
        lines.append(
            [table.day.isoformat(), agent.name, agent.email, *(hours(spent or timedelta()) for spent in times)]
        )
    return spreadsheet.download(f"statuses-{table.day.isoformat()}.csv", lines)


def hours(spent: timedelta) -> str:
    """A length of time as 7:05, in hours and minutes."""
    minutes = int(spent.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"


def _table() -> Table:
    """The times of the day that was asked for, by the days of UTC."""
    day = _day()
    begin = datetime.combine(day, time(), UTC)
    spent = status_times.of_everyone(begin, begin + _DAY)
    used = {status_id for times in spent.values() for status_id in times}
    statuses = [status for status in custom_statuses.everything() if status.active or status.id in used]
    rows = [
        (agent, [spent.get(agent.id, {}).get(status.id) for status in statuses])
        for agent in staffing.everyone()
        if agent.active or agent.id in spent
    ]
    return Table(day, statuses, rows)


def _day() -> date:
    """The day in the address; today where there is none, or none that has come."""
    today = clock.now().date()
    try:
        return min(date.fromisoformat(request.args.get("day", "")), today)
    except ValueError:
        return today
