"""Flask extensions, created without an app; `app.create_app` initialises them."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic

from cryptography.fernet import Fernet
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sock import Sock
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase

_PATIENCE = "PRAGMA busy_timeout=5000"
_LONGEST_TURN_SECONDS = 5.0
# Each webhook opens its channel's credentials; a desk has a handful of channels.
_OPENED_KEPT = 64


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
        self._opened: Callable[[str], str] = self._decrypted

    def unlock(self, secret_key: str) -> None:
        """Derive the key. Must run before the first credential is read or written."""
        digest = hashlib.sha256(b"deskbell credentials\0" + secret_key.encode()).digest()
        self._fernet = Fernet(urlsafe_b64encode(digest))
        self._opened = lru_cache(maxsize=_OPENED_KEPT)(self._decrypted)
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
        return self._opened(sealed)

    def _decrypted(self, sealed: str) -> str:
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
        return self._folder() / public_id[:2] / public_id

    def shelves(self, after: str = "") -> list[str]:
        """The names of the folders inside, in order, behind the one named `after`."""
        return sorted(shelf.name for shelf in self._folder().iterdir() if shelf.is_dir() and shelf.name > after)

    def stored_before(self, shelf: str, moment: datetime) -> list[str]:
        """The ids of the files on a shelf that were last written before a moment."""
        found = (self._folder() / shelf).iterdir()
        return [file.name for file in found if file.stat().st_mtime < moment.timestamp()]

    def _folder(self) -> Path:
        if self._root is None:
            raise RuntimeError("the file store has no folder: create_app has not run")
        return self._root


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_PATIENCE)


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Writers take SQLite's write lock first, so that what they read cannot go stale (docs/adr/0004)."""
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get("writes"):
        _begin_in_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_in_turn(connection: Connection) -> None:
    """Ask for the write lock every millisecond for five seconds, then as SQLite does.

    SQLite's own wait sleeps ever longer, up to a tenth of a second, and whoever came last may be served first.
    """
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    deadline = monotonic() + _LONGEST_TURN_SECONDS
    raw.execute("PRAGMA busy_timeout=1")
    try:
        while monotonic() < deadline:
            if _has_begun(raw):
                return
    finally:
        raw.execute(_PATIENCE)
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _has_begun(raw: sqlite3.Connection) -> bool:
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True
