"""Apps inside the test's process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app import create_app
from config import Settings
from extensions import db
from tests.browsing import FreshClient


@contextmanager
def opened(settings: Settings) -> Iterator[Flask]:
    """An app inside its context; afterwards nothing of it is connected to the database and no thread is left."""
    app = create_app(settings)
    app.config["TESTING"] = True
    app.test_client_class = FreshClient
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
            app.extensions["hub"].stop()
