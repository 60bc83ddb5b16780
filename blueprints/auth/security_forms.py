"""Forms about signing in: passwords, codes, the second factor."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from blueprints.errors import sentence
from services.errors import InvalidInput

_LONGEST = 200


def _new_password() -> PasswordField:
    return PasswordField(
        _l("New password"),
        [DataRequired(_l("Choose a password."))],
        description=_l("At least 8 characters."),
        render_kw={"autocomplete": "new-password"},
    )


def _own_password() -> PasswordField:
    return PasswordField(
        _l("Your password"),
        [DataRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


def _code(description: str) -> StringField:
    return StringField(
        _l("Code"),
        [DataRequired(_l("Enter the code.")), Length(max=_LONGEST)],
        description=description,
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


class SecurityForm(FlaskForm):
    """A form at which the desk may refuse a single value."""

    def refuse(self, error: InvalidInput) -> None:
        """Show at its field what the desk does not take."""
        field = {"current": "password"}.get(error.field, error.field)
        self[field].errors = [sentence(error)]


class CodeForm(SecurityForm):
    """The second step of signing in."""

    code = _code(_l("From the app on your phone, or one of your recovery codes."))


class ChoosePasswordForm(SecurityForm):
    """A new password, for whoever has the link."""

    password = _new_password()


class ChangePasswordForm(SecurityForm):
    """A new password, for whoever knows the present one."""

    current = PasswordField(
        _l("Present password"),
        [DataRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password()

    def refuse(self, error: InvalidInput) -> None:
        """Show at its field what the desk does not take."""
        self[error.field].errors = [sentence(error)]


class TurnOnForm(SecurityForm):
    """The first code of a new second factor."""

    proposal = HiddenField()
    code = _code(_l("Six digits that the app shows now."))
    password = _own_password()


class BothFactorsForm(SecurityForm):
    """Password and code, for what one factor alone must not change."""

    password = _own_password()
    code = _code(_l("From the app on your phone, or one of your recovery codes."))
