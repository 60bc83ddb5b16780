"""Forms of the team."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from models import Access, Agent, Group
from services.access_levels import Level


class AgentForm(FlaskForm):
    """Who an agent is and what they may see.

    `groups` holds the ids of the chosen groups, `icons` what is switched on: "7:live_chat" in group 7, ":live_chat"
    everywhere.
    """

    name = StringField(_l("Name"), [InputRequired(_l("Enter a name.")), Length(max=120)])
    email = EmailField(_l("E-mail"), [InputRequired(_l("Enter an e-mail address such as name@example.com."))])
    is_admin = BooleanField(_l("Administrator: may change the settings"))
    access = RadioField(
        _l("Access"),
        choices=[
            SelectChoice(Access.FULL.value, _l("Full: all cases")),
            SelectChoice(Access.GROUPS.value, _l("By groups: the cases of chosen groups")),
            SelectChoice(Access.LIMITED.value, _l("Limited: cases and chats that are theirs")),
            SelectChoice(Access.VIEW_ONLY.value, _l("View only: no replies, no active chats")),
        ],
    )
    groups = SelectMultipleField(_l("Groups"), coerce=int)
    icons = SelectMultipleField(_l("Channels"))

    def offer(self, groups: list[Group], families: list[str]) -> None:
        """Set what can be chosen."""
        self.groups.choices = [SelectChoice(group.id, group.name) for group in groups]
        places = ["", *(str(group.id) for group in groups)]
        self._icons = [f"{place}:{family}" for place in places for family in families]
        self.icons.choices = [SelectChoice(icon) for icon in self._icons]

    def show(self, agent: Agent, level: Level) -> None:
        """Fill in what is so at present. A group that is not chosen yet would come with all its channels."""
        self.name.data, self.email.data, self.is_admin.data = agent.name, agent.email, agent.is_admin
        self.access.data, self.groups.data = level.access.value, list(level.groups)
        off = {f"{group}:{family}" for group, families in level.groups.items() for family in families}
        off |= {f":{family}" for family in level.without}
        self.icons.data = [icon for icon in self._icons if icon not in off]

    @property
    def level(self) -> Level:
        """What was chosen."""
        on = set(self.icons.data or ())
        off = [icon.split(":") for icon in self._icons if icon not in on]
        groups = {group: [family for place, family in off if place == str(group)] for group in self.groups.data or ()}
        return Level(Access(self.access.data), groups, [family for place, family in off if not place])


class HeirForm(FlaskForm):
    """Who takes over."""

    heir = SelectField(_l("Who takes over"), coerce=int)


class GroupForm(FlaskForm):
    """How a group is called."""

    name = StringField(_l("Name"), [InputRequired(_l("Enter a name.")), Length(max=120)])
    from_name = StringField(
        _l("Name for customers"), [Length(max=120)], description=_l("Empty: the name of the group itself.")
    )


class ReplacementForm(FlaskForm):
    """Which group takes over."""

    replacement = SelectField(_l("Which group takes over"), coerce=int)
