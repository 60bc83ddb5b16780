"""The form of an agent's wishes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.fields import IntegerRangeField
from wtforms.validators import InputRequired

from blueprints.numbers import NumberField
from services.alerts.notifications import LONGEST_PAUSE, LOUDEST, SHORTEST_PAUSE


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
    reminder_seconds = NumberField(
        _l("Repeat it after this many seconds"),
        [InputRequired(_l("Enter a number of seconds."))],
        otherwise=_l("Enter a whole number of seconds."),
        render_kw={"min": SHORTEST_PAUSE, "max": LONGEST_PAUSE},
    )
    volume = IntegerRangeField(_l("Volume"), render_kw={"min": 0, "max": LOUDEST, "step": 10})
    pushes = BooleanField(_l("Tell my browsers of waiting chats while no page of Deskbell is open"))
    shows_words = BooleanField(
        _l("Show the customer's name and words"),
        description=_l("In notifications on the desktop. What is sent to a browser is encrypted for it on the way."),
    )
