"""Forms of a chat."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, MultipleFileField, StringField, TextAreaField
from wtforms.validators import Length, Optional


class ReplyForm(FlaskForm):
    """An answer; `client_id` is made by the browser, so that a repeated send counts once."""

    text = TextAreaField()
    client_id = StringField(validators=[Optional(), Length(max=64)])
    files = MultipleFileField()


class TakeForm(FlaskForm):
    """Taking a chat; `instead_of` names the agent from whom it is knowingly taken over."""

    instead_of = IntegerField(validators=[Optional()])
