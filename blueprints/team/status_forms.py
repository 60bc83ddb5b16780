"""Forms of statuses."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from blueprints.numbers import NumberField
from models import AgentStatus, Handling
from services.attendance.custom_statuses import LONGEST_NAME, Custom


def _handling() -> list[SelectChoice]:
    return [
        SelectChoice(Handling.HANDLE.value, _l("View and handle")),
        SelectChoice(Handling.VIEW.value, _l("View only")),
        SelectChoice(Handling.NONE.value, _l("No access")),
    ]


class StatusForm(FlaskForm):
    """What a status of the desk's own is like."""

    name = StringField(_l("Name"), [InputRequired(_l("Enter a name.")), Length(max=LONGEST_NAME)])
    cases = SelectField(_l("Cases"), choices=_handling())
    chats = SelectField(_l("Active chats"), choices=_handling())
    returns = BooleanField(_l("Return to this status when the connection is back"))
    daily_minutes = NumberField(
        _l("Longest time a day, in minutes"),
        [Optional()],
        otherwise=_l("Enter a whole number of minutes."),
        description=_l("Empty: no limit. A day begins at 0:00 UTC."),
    )

    @classmethod
    def showing(cls, status: AgentStatus | None = None) -> StatusForm:
        """The form as it was sent, else with what the status is like; a new one as most will be."""
        if status is None:
            return cls(cases=Handling.VIEW.value, chats=Handling.NONE.value, returns=True)
        return cls(obj=status)

    @property
    def wanted(self) -> Custom:
        """What was typed."""
        return Custom(
            name=self.name.data or "",
            cases=self.cases.data,
            chats=self.chats.data,
            returns=self.returns.data,
            daily_minutes=self.daily_minutes.data,
        )
