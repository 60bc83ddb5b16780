"""A browser that takes Web Push: it makes keys, is told where it can be reached, and reads what comes."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from models import Agent
from services import clock
from services.alerts import push_subscriptions
from services.alerts.push_subscriptions import Address
from services.attendance import statuses
from services.signing_in import sign_ins
from services.uow import unit_of_work


class PushingBrowser:
    """Its keys, and the address that its push service has given it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)

    @property
    def address(self) -> Address:
        """What it tells the desk."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return Address(self.endpoint, _text(point), _text(self._secret))

    @property
    def fields(self) -> dict[str, str]:
        """The same as a form."""
        address = self.address
        return {"endpoint": address.endpoint, "p256dh": address.p256dh, "auth": address.auth}

    def read(self, body: bytes) -> dict[str, Any]:
        """What was sent to it, decrypted."""
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        note: dict[str, Any] = json.loads(plain)
        return note


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def asleep(agent: Agent, browser: PushingBrowser, *, gone_for: timedelta = timedelta(seconds=30)) -> Agent:
    """An agent whose last page has gone, with a browser that takes pushes."""
    sign_in = sign_ins.begin(agent, browser="Firefox", address="127.0.0.1")
    push_subscriptions.subscribe(agent.id, sign_in.id, browser.address)
    with unit_of_work() as session:
        session.get_one(Agent, agent.id).connected_until = clock.now() + statuses.GRACE - gone_for
    return agent


def set_away(agent: Agent) -> None:
    """Let the connection have been gone for so long that the agent was set offline."""
    with unit_of_work() as session:
        session.get_one(Agent, agent.id).connected_until = clock.now()
    statuses.end_lapsed()
