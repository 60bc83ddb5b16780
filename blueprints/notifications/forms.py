"""The form of an agent's wishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField
from wtforms.fields import IntegerRangeField
from wtforms.validators import InputRequired

from services.notifications import LONGEST_PAUSE, LOUDEST, SHORTEST_PAUSE


class SecondsField(IntegerField):
    """A number of seconds; what is none is refused in our own words."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Read what was typed. Raises ValueError with the sentence for its field."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Enter a whole number of seconds.")) from error


class NotificationsForm(FlaskForm):
    """What an agent is told of, and how."""

    new_sound = BooleanField(_l("Sound"))
    new_desktop = BooleanField(_l("Desktop"))
    reply_sound = BooleanField(_l("Sound"))
    reply_desktop = BooleanField(_l("Desktop"))
    given_sound = BooleanField(_l("Sound"))
    given_desktop = BooleanField(_l("Desktop"))
    mention_sound = BooleanField(_l("Sound"))
    mention_desktop = BooleanField(_l("Desktop"))
    reminds = BooleanField(_l("Repeat the sound while chats are waiting in New"))
    reminder_seconds = SecondsField(
        _l("Repeat it after this many seconds"),
        [InputRequired(_l("Enter a number of seconds."))],
        render_kw={"min": SHORTEST_PAUSE, "max": LONGEST_PAUSE},
    )
    volume = IntegerRangeField(_l("Volume"), render_kw={"min": 0, "max": LOUDEST, "step": 10})
    pushes = BooleanField(_l("Tell my browsers of waiting chats while no page of Deskbell is open"))
    shows_words = BooleanField(
        _l("Show the customer's name and words"),
        description=_l("In notifications on the desktop. What is sent to a browser is encrypted for it on the way."),
    )
