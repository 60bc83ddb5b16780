"""Which language a request speaks: the agent's choice, else the browser's, else the desk's."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask_login import current_user

from config import LANGUAGES
from extensions import babel

NAMES = {"en": "English", "ru": "Русский"}


def register(app: Flask) -> None:
    """Set up translations."""
    babel.init_app(app, locale_selector=choose)


def choose() -> str | None:
    """The language of this request, None for the desk's default."""
    if not has_request_context():
        return None
    if current_user and current_user.is_authenticated and current_user.agent.language in LANGUAGES:
        return str(current_user.agent.language)
    return request.accept_languages.best_match(LANGUAGES)
