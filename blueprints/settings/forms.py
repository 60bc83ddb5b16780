"""Forms of the settings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp

from blueprints.numbers import NumberField
from models import WhenAway


class ChatsForm(FlaskForm):
    """How silent chats end, and how many an agent is given."""

    silence_minutes = NumberField(
        _l("End a chat after this many silent minutes"),
        [InputRequired(_l("Enter a number of minutes."))],
        otherwise=_l("Enter a whole number of minutes."),
        description=_l("0 ends a chat at once, so that everything arrives as a case."),
    )
    warning_minutes = NumberField(
        _l("Warn this many minutes before"),
        [InputRequired(_l("Enter a number of minutes."))],
        otherwise=_l("Enter a whole number of minutes."),
        description=_l("The time turns red and a countdown stands next to Send."),
    )
    may_postpone = BooleanField(_l("Offer to postpone by 5 minutes"))
    chats_at_once = NumberField(
        _l("Give an agent at most this many chats at once"),
        [InputRequired(_l("Enter a number of chats."))],
        description=_l("Counts where a group gives its chats away. An agent may have a number of their own."),
        otherwise=_l("Enter a number of chats."),
    )


class WidgetForm(FlaskForm):
    """How the button on the site looks and where it may stand."""

    when_away = SelectField(
        _l("While nobody is there"),
        choices=[
            SelectChoice(WhenAway.FORM, _l("Show a form that becomes a case")),
            SelectChoice(WhenAway.HIDE, _l("Hide the widget")),
            SelectChoice(WhenAway.ALWAYS, _l("Offer the chat all the same")),
        ],
        description=_l("Somebody is there while an agent is online who handles the chats of this widget's group."),
    )
    title = StringField(
        _l("Title"),
        [Length(max=80)],
        description=_l("Stands at the top of the widget. Empty: “Chat with us”, in the visitor's language."),
    )
    colour = StringField(
        _l("Colour"),
        [Regexp("^#[0-9a-fA-F]{6}$", message=_l("Enter a colour such as #0f766e."))],
        render_kw={"type": "color"},
    )
    allowed_sites = TextAreaField(
        _l("Allowed sites"),
        description=_l("One address a line, such as https://shop.example or *.shop.example. Empty: every site."),
    )
