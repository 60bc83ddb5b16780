"""Desks one after the other in one test: what was kept of the first is looked at in the second."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from config import Settings
from extensions import db
from models import Case, Message
from processes.keeping import backup, restore
from processes.keeping.manifest import Manifest
from services.conversations import attachments, chats
from services.conversations.attachments import Upload
from tests import databases
from tests import factories as make
from tests.browsing import FreshClient

Make = Callable[[Path], AbstractContextManager[dict[str, str]]]
FILE = b"plain words in a file"


@contextmanager
def desk(folder: Path, database: Make = databases.furnished, **environ: str) -> Iterator[Flask]:
    """A desk with its data in `folder`, inside its app context."""
    with database(folder) as address:
        app = create_app(Settings.from_environ({"DATA_DIR": str(folder), **address, **environ}))
        with app.app_context():
            yield _ready(app)
            put_away(app)


@contextmanager
def again(settings: Settings, **environ: str) -> Iterator[Flask]:
    """The same desk, started anew."""
    given = {"DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url, **environ}
    app = create_app(Settings.from_environ(given))
    with app.app_context():
        yield _ready(app)
        put_away(app)


def _ready(app: Flask) -> Flask:
    app.config["TESTING"] = True
    app.test_client_class = FreshClient
    return app


def put_away(app: Flask) -> None:
    """Let go of the database and of all threads."""
    db.session.remove()
    db.engine.dispose()
    app.extensions["hub"].stop()


def settings_of(app: Flask) -> Settings:
    """What the environment decided for this desk."""
    settings: Settings = app.config["DESKBELL"]
    return settings


def talk(text: str = "Hello", visitor: str = "visitor") -> Case:
    """A chat whose first message brings a file."""
    files = attachments.store([Upload("words.txt", io.BytesIO(FILE))])
    return make.case_of(chats.receive(make.website(), make.incoming(text, visitor=visitor), files=files))


def texts() -> set[str]:
    """Everything that was ever said."""
    return set(db.session.scalars(select(Message.text)))


def back_up(app: Flask, folder: Path) -> Path:
    """A backup of this desk in another folder."""
    folder.mkdir(exist_ok=True)
    return backup.take(settings_of(app), folder / "desk.tar.gz").path


def put_back(app: Flask, path: Path) -> Path:
    """Restore without a question."""
    return restore.restore(settings_of(app), path, lambda _held, _warnings: None)


def members(path: Path) -> dict[str, bytes]:
    """What an archive holds."""
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def rewrite(path: Path, changed: dict[str, bytes | None]) -> None:
    """Change members of an archive, leave some out, or add some; checksums in the manifest stay."""
    held = members(path) | changed
    with tarfile.open(path, "w:gz") as tar:
        for name, content in held.items():
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def manifest_of(path: Path) -> Manifest:
    """What an archive says about itself."""
    return Manifest.from_json(members(path)["manifest.json"].decode())


def tree(folder: Path) -> dict[str, str]:
    """Every file with its checksum; locks aside, which hold nothing."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "run")
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in found}


def only_sqlite(settings: Settings) -> bool:
    """Whether the database is a file."""
    return settings.database_url.startswith("sqlite")


@contextmanager
def refused(pattern: str) -> Iterator[None]:
    """One clear line."""
    with pytest.raises(click.ClickException, match=pattern) as caught:
        yield
    assert "\n" not in caught.value.message
