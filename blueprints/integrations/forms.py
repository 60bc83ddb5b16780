"""Forms that connect and change channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Regexp

from blueprints.errors import sentence
from blueprints.numbers import NumberField
from models import Agent, Channel, Group, Status
from services.errors import InvalidInput
from services.exchange import channel_settings
from services.exchange.channel_settings import ChannelSettings, Panel

from . import routes
from .routes import Row

# Of the groups that can be chosen: none of them yet.
NONE_YET = 0


# What a program copies along is often invisible, or looks like a letter that it is not; neither can be sent.
_KEY = Regexp(
    r"\s*[!-~]+\s*$",
    message=_l("It holds a character that no key has, perhaps an invisible one. Copy the key once more."),
)


class ChatraKeysForm(FlaskForm):
    """The two keys of a Chatra account."""

    public_key = StringField(
        _l("Public key"),
        [DataRequired(_l("Paste the public key.")), _KEY],
        description=_l("In Chatra: Settings, Preferences, API keys."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    secret_key = PasswordField(
        _l("Secret key"),
        [DataRequired(_l("Paste the secret key.")), _KEY],
        description=_l("In the same place. Stored encrypted and never shown again."),
        render_kw={"autocomplete": "off"},
    )


class ConnectionForm(FlaskForm):
    """What is chosen for a connection; `rows` are the pairs of the vendor's groups and ours."""

    rows_error = ""
    spare = routes.SPARE
    name = StringField(
        _l("Name"),
        [DataRequired(_l("Enter a name.")), Length(max=120)],
        description=_l("Tells several connections apart."),
    )
    group = SelectField(
        _l("Default group"),
        coerce=int,
        description=_l("Cases from this connection go to this group, unless a pair below says otherwise."),
    )
    panel = RadioField(
        _l("Panel for displaying data"),
        choices=[
            SelectChoice(Panel.SEPARATE.value, _l("Separate one, for integrations")),
            SelectChoice(Panel.INFORMATIONAL.value, _l("Informational one, along with user data")),
        ],
        default=Panel.INFORMATIONAL.value,
    )
    groups = SelectMultipleField(_l("Groups"), coerce=int)
    agents = SelectMultipleField(_l("Agents"), coerce=int)

    def offer(self, groups: Sequence[Group], agents: Sequence[Agent]) -> None:
        """Set what can be chosen. Where there is one group only, it is the default one."""
        self.offered = [SelectChoice(group.id, group.name) for group in groups]
        first = [SelectChoice(NONE_YET, _l("Choose a group"))] if len(groups) > 1 and not self.group.data else []
        self.group.choices = [*first, *self.offered]
        self.groups.choices = self.offered
        self.agents.choices = [SelectChoice(agent.id, agent.name) for agent in agents]
        ids = {group.id for group in groups}
        self.rows: list[Row] = routes.sent(request.form, ids) if self.is_submitted() else []

    def show(self, channel: Channel) -> None:
        """Fill in what is so at present."""
        kept = channel_settings.of(channel)
        self.name.data, self.group.data, self.panel.data = channel.name, channel.group_id, kept.panel.value
        self.groups.data, self.agents.data = list(kept.groups), list(kept.agents)
        self.rows = routes.shown(kept.routes)

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401  as wtforms has it
        """Look at the fields and at the rows."""
        is_good = super().validate(extra_validators)
        if not self.group.data and not self.group.errors:
            self.group.errors, is_good = [_l("Choose a group.")], False
        return is_good and not any(row.error for row in self.rows)

    def refuse(self, error: InvalidInput) -> None:
        """Show an error at its field."""
        if error.field in self:
            self[error.field].errors = [sentence(error)]
        else:
            self.rows_error = sentence(error)

    @property
    def choices(self) -> ChannelSettings:
        """What was chosen."""
        return ChannelSettings(
            panel=Panel(self.panel.data),
            agents=frozenset(self.agents.data or ()),
            groups=frozenset(self.groups.data or ()),
            routes=routes.chosen(self.rows),
        )


class ChatraForm(ConnectionForm, ChatraKeysForm):
    """A new Chatra account."""


class DisconnectForm(FlaskForm):
    """What becomes of the chats that are active."""

    status = RadioField(
        _l("Active chats end now, as"),
        choices=[
            SelectChoice(Status.OPEN.value, _l("Open: somebody still has to look after them")),
            SelectChoice(Status.PENDING.value, _l("Pending")),
            SelectChoice(Status.CLOSED.value, _l("Closed")),
        ],
        default=Status.OPEN.value,
    )


class PresenceForm(FlaskForm):
    """When a vendor is told that an agent is away."""

    seconds = NumberField(
        _l("Tell that an agent is away after this many seconds"),
        [InputRequired(_l("Enter a number of seconds."))],
        otherwise=_l("Enter a whole number of seconds."),
        description=_l("From 0 to 600. Whoever is back before, as after a reload, was never away for customers."),
    )
