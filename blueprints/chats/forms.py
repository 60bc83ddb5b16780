"""Forms of a chat."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, MultipleFileField, StringField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional, Regexp

from realtime.here import Doing


class ReplyForm(FlaskForm):
    """An answer; `client_id` is made by the browser, so that a repeated send counts once."""

    text = TextAreaField()
    client_id = StringField(validators=[Optional(), Length(max=64)])
    files = MultipleFileField()


class CorrectionForm(FlaskForm):
    """A message's new words."""

    text = TextAreaField()


class TakeForm(FlaskForm):
    """Taking a chat; `instead_of` names the agent from whom it is knowingly taken over."""

    instead_of = IntegerField(validators=[Optional()])


class TransferForm(FlaskForm):
    """Where a chat goes: "agent:4" or "group:2".

    `instead_of` names the agent from whom it is knowingly taken, `seen_in` the group in which it was seen.
    """

    to = StringField(validators=[Regexp(r"^(agent|group):[0-9]{1,9}$")])
    instead_of = IntegerField(validators=[Optional()])
    seen_in = IntegerField(validators=[Optional()])
    note = TextAreaField()


class HereForm(FlaskForm):
    """What an agent does with a case in one tab, whose id the browser makes."""

    doing = StringField(validators=[AnyOf(list(Doing))])
    tab = StringField(validators=[Regexp(r"^[\w-]{1,40}$")])
