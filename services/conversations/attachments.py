"""Attachments: typed by their content, kept outside the web root, reached by signed addresses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import puremagic
from sqlalchemy import select

from extensions import db, files, vault
from models import Agent, Attachment, Message
from models.base import public_id
from services import clock
from services.errors import N_, InvalidInput
from services.sanitise import file_name

LARGEST_FILE = 25 * 1024 * 1024
MOST_FILES = 5
HEAD = 8192
_LIFE_DAYS = 30
_PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the store and waits for its message."""

    public_id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Upload:
    """A file as a browser sent it."""

    name: str
    content: BinaryIO


def store(uploads: Sequence[Upload]) -> list[StoredFile]:
    """Write uploads to the store, before any unit of work.

    Raises:
        InvalidInput: too many, too large or empty.
    """
    if len(uploads) > MOST_FILES:
        raise InvalidInput("files", N_("Send at most %(most)s files at once."), most=MOST_FILES)
    sizes = [_size(upload) for upload in uploads]
    return [_write(upload, size) for upload, size in zip(uploads, sizes, strict=True)]


def attach(message: Message, stored: Sequence[StoredFile]) -> None:
    """Bind stored files to their message."""
    message.attachments = [
        Attachment(
            public_id=file.public_id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            created_at=clock.now(),
        )
        for file in stored
    ]


def signed_path(attachment: Attachment) -> str:
    """The address of a file, good for a month; the same all day, so that browsers keep what they have."""
    expires = (clock.now() + timedelta(days=_LIFE_DAYS)).strftime("%Y%m%d")
    signature = vault.sign(f"file {attachment.public_id} {expires}")
    return f"/files/{attachment.public_id}/{expires}/{signature}/{quote(attachment.name, safe='')}"


def by_signature(wanted_id: str, expires: str, signature: str) -> Attachment | None:
    """The file that a signed address names, or None if the signature is wrong or its time is over."""
    if not vault.signed(f"file {wanted_id} {expires}", signature) or expires < clock.now().strftime("%Y%m%d"):
        return None
    return db.session().scalar(select(Attachment).where(Attachment.public_id == wanted_id))


def media_type(head: bytes) -> str:
    """What a file is, by the first `HEAD` bytes of its content."""
    try:
        return puremagic.from_string(head, mime=True) or "application/octet-stream"
    except (puremagic.PureError, ValueError):
        return "application/octet-stream"


def drop_orphans(shelf: str) -> None:
    """Delete the files of a shelf that no message or agent came to name within a day: refused or repeated uploads."""
    old = files.stored_before(shelf, clock.now() - _PATIENCE)
    of_messages = select(Attachment.public_id).where(Attachment.public_id.in_(old))
    named = db.session().scalars(of_messages.union_all(select(Agent.avatar).where(Agent.avatar.in_(old))))
    for orphan in set(old).difference(named):
        files.path(orphan).unlink(missing_ok=True)


def _size(upload: Upload) -> int:
    size = upload.content.seek(0, 2)
    upload.content.seek(0)
    if size > LARGEST_FILE:
        raise InvalidInput("files", N_("%(name)s is too large: at most 25 MB fit."), name=upload.name)
    if size == 0:
        raise InvalidInput("files", N_("%(name)s is empty."), name=upload.name)
    return size


def _write(upload: Upload, size: int) -> StoredFile:
    new_id = public_id()
    path = files.path(new_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    head = upload.content.read(HEAD)
    upload.content.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(upload.content, target)
        target.flush()
        os.fsync(target.fileno())
    _fsync_folders(path.parent)
    name = file_name(upload.name, longest=200) or "file"
    return StoredFile(new_id, name, media_type(head), size)


def _fsync_folders(shelf: Path) -> None:
    """What a message names must be on disk before the message is: the file, its entry and that of its shelf."""
    for folder in (shelf, shelf.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
