"""Forms that connect channels."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from blueprints.numbers import NumberField


class ChatraKeysForm(FlaskForm):
    """The two keys of a Chatra account."""

    public_key = StringField(
        _l("Public key"),
        [DataRequired(_l("Paste the public key."))],
        description=_l("In Chatra: Settings, Preferences, API keys."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    secret_key = PasswordField(
        _l("Secret key"),
        [DataRequired(_l("Paste the secret key."))],
        description=_l("Stored encrypted and never shown again."),
        render_kw={"autocomplete": "off"},
    )


class ChatraForm(ChatraKeysForm):
    """A new account: its keys, a name and the group that gets its chats."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Enter a name.")), Length(max=120)],
        default="Chatra",
        description=_l("Tells several Chatra accounts apart."),
    )
    group = SelectField(_l("Default group"), description=_l("Cases from Chatra go to this group."))


class PresenceForm(FlaskForm):
    """When a vendor is told that an agent is away."""

    seconds = NumberField(
        _l("Tell that an agent is away after this many seconds"),
        [InputRequired(_l("Enter a number of seconds."))],
        otherwise=_l("Enter a whole number of seconds."),
        description=_l("From 0 to 600. Whoever is back before, as after a reload, was never away for customers."),
    )
