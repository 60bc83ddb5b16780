"""A browser without scripts: signs in, reads the token of the page, sends forms."""

from __future__ import annotations

import re
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from extensions import db
from models import Agent

PASSWORD = "correct horse"
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class FreshClient(FlaskClient):
    """A client whose requests share nothing with the test's own app context, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:  # noqa: ANN401  as werkzeug has it
        """Make one request; what it changed is what the test reads next."""
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        if has_app_context():
            db.session.rollback()
            db.session.expire_all()
        return answer


class Browser:
    """One person's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def sign_in(self, agent: Agent) -> Browser:
        """Sign in as this agent."""
        answer = self.submit("/login", email=agent.email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return self

    def get(self, address: str, **headers: str) -> TestResponse:
        """Open an address."""
        return self.client.get(address, headers=_named(headers), buffered=True)

    def submit(self, address: str, *, page: str | None = None, **fields: object) -> TestResponse:
        """Send a form with the token of the page that it stands on."""
        return self.client.post(address, data={"csrf_token": self.token(page or address), **fields})

    def act(self, address: str, **fields: object) -> TestResponse:
        """Do what a script does: the token in a header, a fragment as the answer."""
        headers = {"X-CSRFToken": self.token("/profile"), "HX-Request": "true"}
        return self.client.post(address, data=fields, headers=headers)

    def token(self, page: str) -> str:
        """The forgery token of a page."""
        text = self.client.get(page).text
        found = _FIELD.search(text) or _TOKEN.search(text)
        assert found is not None, f"{page} has no token"
        return found.group(1)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
