"""Forms of the team."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from blueprints.errors import sentence
from blueprints.locale import NAMES
from blueprints.numbers import NumberField
from config import LANGUAGES
from models import Access, Agent, Distribution, Group, Role
from services.errors import InvalidInput
from services.team.access_levels import Level
from services.team.groups import Giving

MOST_CHATS = 100
# Of the roles that can be chosen: none of them.
OWN = 0


def _number(value: str | int) -> int:
    """The id that was chosen, 0 where none was. Raises ValueError for what is no id."""
    return int(value or 0)


def _successor(label: LazyString, refusal: LazyString) -> SelectField:
    """Who or what takes over: it has to be chosen, and whatever is wrong with the choice, one sentence says so."""
    return SelectField(
        label,
        [InputRequired(refusal)],
        coerce=_number,
        invalid_value_message=refusal,
        invalid_choice_message=refusal,
    )


class LevelForm(FlaskForm):
    """What somebody may do and see.

    `groups` holds the ids of the chosen groups, `icons` what is switched on: "7:live_chat" in group 7, ":live_chat"
    everywhere.
    """

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
        self.offered = groups, families
        self.groups.choices = [SelectChoice(group.id, group.name) for group in groups]
        places = ["", *(str(group.id) for group in groups)]
        self._icons = [f"{place}:{family}" for place in places for family in families]
        self.icons.choices = [SelectChoice(icon) for icon in self._icons]

    def show_level(self, level: Level, *, is_admin: bool = False) -> None:
        """Fill in what is so at present. A group that is not chosen yet would come with all its channels."""
        self.is_admin.data, self.access.data, self.groups.data = is_admin, level.access.value, list(level.groups)
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


class RoleChoiceForm(LevelForm):
    """A role, or else a level of one's own."""

    role = SelectField(_l("Role"), coerce=int, default=OWN)

    def offer_roles(self, roles: list[Role]) -> None:
        """Set the roles that can be chosen."""
        self.role.choices = [SelectChoice(OWN, _l("None: own settings")), *(SelectChoice(r.id, r.name) for r in roles)]

    def refuse(self, error: InvalidInput) -> None:
        """Show an error at its field. What a role brings is shown at the role: its own fields are out of sight."""
        hidden = self.role.data and error.field in ("is_admin", "access", "groups", "icons")
        (self.role if hidden else self[error.field]).errors = [sentence(error)]


class AgentForm(RoleChoiceForm):
    """Who an agent is, and what they may do and see."""

    name = StringField(_l("Name"), [InputRequired(_l("Enter a name.")), Length(max=120)])
    email = EmailField(_l("E-mail"), [InputRequired(_l("Enter an e-mail address such as name@example.com."))])
    signature = TextAreaField(
        _l("Signature in chats"), description=_l("Stands below their first answer in each chat. Empty: the role's.")
    )
    capacity = NumberField(
        _l("Chats at once"),
        [Optional(), NumberRange(0, MOST_CHATS, _l("Choose between 0 and 100 chats."))],
        otherwise=_l("Choose between 0 and 100 chats."),
        description=_l("How many chats they are given. Empty: the usual number of this desk."),
    )

    def show(self, agent: Agent, level: Level) -> None:
        """Fill in what is so at present."""
        self.name.data, self.email.data, self.role.data = agent.name, agent.email, agent.role_id or OWN
        self.signature.data, self.capacity.data = agent.signature, agent.capacity
        self.show_level(level, is_admin=agent.is_admin)


class RoleForm(LevelForm):
    """A preset."""

    name = StringField(_l("Name"), [InputRequired(_l("Enter a name.")), Length(max=120)])
    signature = TextAreaField(
        _l("Signature in chats"), description=_l("For agents of this role who have none of their own.")
    )


class InvitationForm(RoleChoiceForm):
    """Who is invited, as what."""

    email = EmailField(_l("E-mail"), [InputRequired(_l("Enter an e-mail address such as name@example.com."))])
    name = StringField(_l("Name"), [Length(max=120)], description=_l("They can change it."))


class JoinForm(FlaskForm):
    """What an invited person chooses."""

    name = StringField(
        _l("Your name"),
        [InputRequired(_l("Enter a name.")), Length(max=120)],
        description=_l("Customers see it next to your answers."),
        render_kw={"autocomplete": "name"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Choose a password."))],
        description=_l("At least 8 characters."),
        render_kw={"autocomplete": "new-password"},
    )
    language = SelectField(_l("Language"), choices=[SelectChoice(code, NAMES[code]) for code in LANGUAGES])


class HeirForm(FlaskForm):
    """Who takes over."""

    heir = _successor(_l("Who takes over"), _l("Choose an active agent who takes over."))

    def offer(self, agents: list[Agent]) -> None:
        """Set who can be chosen: nobody is beforehand, and people of one name differ by their address."""
        known = [SelectChoice(agent.id, f"{agent.name} · {agent.email}") for agent in agents]
        self.heir.choices = [SelectChoice("", _l("Choose an agent")), *known]


class NewGroupForm(FlaskForm):
    """How a group is called."""

    name = StringField(_l("Name"), [InputRequired(_l("Enter a name.")), Length(max=120)])
    from_name = StringField(
        _l("Name for customers"), [Length(max=120)], description=_l("Empty: the name of the group itself.")
    )


class GroupForm(NewGroupForm):
    """How a group is called, and how its chats find an agent."""

    distribution = RadioField(
        _l("Who gets a new chat"),
        choices=[
            SelectChoice(Distribution.NONE.value, _l("Whoever takes it: it waits under New")),
            SelectChoice(Distribution.ROUND_ROBIN.value, _l("In turn: whoever was given one longest ago")),
            SelectChoice(Distribution.LEAST_BUSY.value, _l("The least busy: whoever has the fewest chats")),
        ],
    )
    answer_seconds = NumberField(
        _l("Seconds to answer"),
        [InputRequired(_l("Enter a whole number of seconds."))],
        description=_l(
            "Whoever is given a chat and does not answer in time loses it to the next one. 0: they keep it while they "
            "are there."
        ),
        otherwise=_l("Enter a whole number of seconds."),
    )

    @property
    def giving(self) -> Giving:
        """What was chosen."""
        return Giving(self.distribution.data, self.answer_seconds.data or 0)


class ReplacementForm(FlaskForm):
    """Which group takes over."""

    replacement = _successor(_l("Which group takes over"), _l("Choose another active group."))

    def offer(self, groups: list[Group]) -> None:
        """Set what can be chosen: nothing is beforehand."""
        known = [SelectChoice(group.id, group.name) for group in groups]
        self.replacement.choices = [SelectChoice("", _l("Choose a group")), *known]
