"""The desk's own key pair for Web Push (VAPID, RFC 8292): browsers bind their subscriptions to it.

It is made once and kept encrypted among the settings, so that it goes with a backup: with another pair every browser
would have to subscribe anew.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete

from extensions import db, vault
from models import PushSubscription, Setting
from services.uow import insert_if_new, unit_of_work

_KEY = "push"


@dataclass(frozen=True)
class PushKeys:
    """Both in base64url without padding: the public point as browsers take it, the private number as 32 bytes."""

    public: str
    private: str


def keys() -> PushKeys:
    """The desk's keys, made by whoever asks first."""
    return _kept() or _make()


def _kept() -> PushKeys | None:
    setting = db.session().get(Setting, _KEY)
    try:
        return PushKeys(setting.value["public"], vault.open(setting.value["private"])) if setting else None
    except InvalidToken:
        return None


def _make() -> PushKeys:
    """New keys, unless somebody was faster. What another secret key has sealed goes, and every browser with it."""
    made = _new()
    value = {"public": made.public, "private": vault.seal(made.private)}
    with unit_of_work() as session:
        # Nobody has changed a setting the first time: past the audit log.
        if not insert_if_new(Setting, {"key": _KEY, "value": value}):
            kept = _kept()
            if kept is not None:
                return kept
            session.execute(delete(PushSubscription))
            session.get_one(Setting, _KEY).value = value
        return made


def _new() -> PushKeys:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushKeys(_text(point), _text(key.private_numbers().private_value.to_bytes(32, "big")))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
