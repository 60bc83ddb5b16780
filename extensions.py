"""Flask extensions, created without an app; `app.create_app` initialises them."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.fernet import Fernet
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sock import Sock
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The declarative base; the naming convention lets batch migrations find constraints on SQLite."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Vault:
    """Encrypts credentials at rest and signs addresses, with keys derived from the secret key."""

    def __init__(self) -> None:
        self._fernet: Fernet | None = None
        self._signing_key = b""

    def unlock(self, secret_key: str) -> None:
        """Derive the key. Must run before the first credential is read or written."""
        digest = hashlib.sha256(b"deskbell credentials\0" + secret_key.encode()).digest()
        self._fernet = Fernet(urlsafe_b64encode(digest))
        self._signing_key = hashlib.sha256(b"deskbell addresses\0" + secret_key.encode()).digest()

    def sign(self, text: str) -> str:
        """A signature of `text`, 43 characters that fit into an address."""
        return urlsafe_b64encode(hmac.digest(self._signing_key, text.encode(), "sha256")).decode().rstrip("=")

    def signed(self, text: str, signature: str) -> bool:
        """Whether `sign` made this signature."""
        return hmac.compare_digest(self.sign(text).encode(), signature.encode("utf-8", "replace"))

    def seal(self, text: str) -> str:
        """Encrypt `text`."""
        return self._open_fernet().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` made. Raises `cryptography.fernet.InvalidToken` under another secret key."""
        return self._open_fernet().decrypt(sealed.encode()).decode()

    def _open_fernet(self) -> Fernet:
        if self._fernet is None:
            raise RuntimeError("the vault is locked: create_app has not run")
        return self._fernet


class FileStore:
    """The folder that keeps attachments, outside the web root."""

    def __init__(self) -> None:
        self._root: Path | None = None

    def keep_in(self, root: Path) -> None:
        """Set the folder, making it where it is missing."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root

    def path(self, public_id: str) -> Path:
        """Where the file with this id lies."""
        if self._root is None:
            raise RuntimeError("the file store has no folder: create_app has not run")
        return self._root / public_id[:2] / public_id


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
babel = Babel()
sock = Sock()
vault = Vault()
files = FileStore()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: object, _record: object) -> None:
    """WAL, full durability and explicit transactions: a message that was acknowledged is on disk."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Writers take SQLite's write lock first, so that what they read cannot go stale (docs/adr/0004)."""
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
