"""Forms about agents themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from blueprints.errors import sentence
from blueprints.locale import NAMES
from config import LANGUAGES
from services.team import agents
from services.team.avatars import MEDIA_TYPES
from services.team.signatures import LONGEST_SIGNATURE


class SignInForm(FlaskForm):
    """E-mail and password."""

    email = StringField(
        _l("E-mail"),
        [DataRequired(_l("Enter your e-mail address."))],
        render_kw={"autocomplete": "username", "type": "email"},
    )
    password = PasswordField(
        _l("Password"), [DataRequired(_l("Enter your password."))], render_kw={"autocomplete": "current-password"}
    )


class SetupForm(FlaskForm):
    """The first administrator."""

    name = StringField(
        _l("Your name"),
        [DataRequired(_l("Enter a name.")), Length(max=120)],
        description=_l("Customers see it next to your answers."),
        render_kw={"autocomplete": "name"},
    )
    email = StringField(
        _l("E-mail"),
        [DataRequired(_l("Enter your e-mail address."))],
        description=_l("You sign in with it."),
        render_kw={"autocomplete": "username", "type": "email"},
    )
    password = PasswordField(
        _l("Password"),
        [DataRequired(_l("Choose a password."))],
        description=_l("At least 8 characters."),
        render_kw={"autocomplete": "new-password"},
    )

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check all fields, and say at each what the desk would refuse: all at once."""
        super().validate(extra_validators)
        words = {field.name: field.data or "" for field in (self.email, self.name, self.password)}
        for refusal in agents.refusals(**words):
            if not self[refusal.field].errors:
                self[refusal.field].errors = [sentence(refusal)]
        return not self.errors


class ProfileForm(FlaskForm):
    """What an agent says about themselves, and how the desk looks to them."""

    name = StringField(
        _l("Your name"),
        [DataRequired(_l("Enter a name.")), Length(max=120)],
        description=_l("Customers see it next to your answers."),
        render_kw={"autocomplete": "name"},
    )
    picture = FileField(
        _l("Picture"),
        description=_l("PNG, JPEG or WebP, at most 2 MB. Your colleagues see it."),
        render_kw={"accept": ",".join(MEDIA_TYPES)},
    )
    without_picture = BooleanField(_l("Remove the picture"))
    signature = TextAreaField(
        _l("Signature in chats"),
        [Length(max=LONGEST_SIGNATURE)],
        description=_l("Stands below your first answer in each chat. Empty: that of your role, if it has one."),
    )
    language = SelectField(_l("Language"), choices=[SelectChoice(code, NAMES[code]) for code in LANGUAGES])
    theme = SelectField(
        _l("Appearance"),
        choices=[
            SelectChoice("auto", _l("As on this device")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )
    keeps_status = BooleanField(
        _l("Keep my last status when I sign in"), description=_l("Otherwise you are online then.")
    )
