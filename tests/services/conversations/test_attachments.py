"""Files are what their content says, whatever they are called, and lie where nobody can guess."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as run_settings
from hypothesis import strategies as st
from rq import Queue

from extensions import files
from jobs import queues, sweeps
from models import Attachment
from realtime.bus import bus
from services import clock
from services.conversations import attachments, chats
from services.conversations.attachments import LARGEST_FILE, MOST_FILES, StoredFile, Upload
from services.errors import InvalidInput
from tests import factories as make

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + bytes(64) + b"\xff\xd9"
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NO_IMAGES = {
    "page": HTML,
    "drawing": SVG,
    "document": PDF,
    "words": b"plain words",
    "bytes": b"\x00\x01\x02",
    "cut GIF": b"GIF",
    "cut PNG": b"\x89PNG",
}
IMAGES = {"PNG": PNG, "JPEG": JPEG, "GIF": GIF}


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Path:
    """The folder that keeps the files of this test."""
    files.keep_in(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def sparse(tmp_path: Path) -> Iterator[io.BufferedRandom]:
    """A file that is as large as it is told to be and takes no room."""
    with (tmp_path / "film").open("w+b") as file:
        yield file


def stored(name: str, content: bytes) -> StoredFile:
    (file,) = attachments.store([Upload(name, io.BytesIO(content))])
    return file


def shows_inline(file: StoredFile) -> bool:
    return Attachment(media_type=file.media_type).shows_inline


def kept(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


class TestTheType:
    @pytest.mark.parametrize(
        ("name", "content", "media_type"),
        [
            ("a.png", PNG, "image/png"),
            ("a.txt", PNG, "image/png"),
            ("a", PNG, "image/png"),
            ("a.html", JPEG, "image/jpeg"),
            ("a.gif", GIF, "image/gif"),
            ("a.pdf", PDF, "application/pdf"),
            ("a.png", PDF, "application/pdf"),
        ],
        ids=["PNG", "PNG as text", "PNG without a name", "JPEG as page", "GIF", "PDF", "PDF as image"],
    )
    def test_is_read_from_the_content(self, name: str, content: bytes, media_type: str) -> None:
        assert stored(name, content).media_type == media_type

    @pytest.mark.parametrize("content", NO_IMAGES.values(), ids=NO_IMAGES)
    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.html", "a.svg"])
    def test_of_what_is_no_image_is_never_shown_as_one(self, name: str, content: bytes) -> None:
        assert not shows_inline(stored(name, content))

    @pytest.mark.parametrize("content", IMAGES.values(), ids=IMAGES)
    def test_of_plain_images_lets_them_be_shown_in_place(self, content: bytes) -> None:
        assert shows_inline(stored("a", content))

    @given(st.binary(min_size=1, max_size=64))
    @run_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
    def test_of_anything_is_some_type(self, content: bytes) -> None:
        assert "/" in stored("a", content).media_type


class TestTheName:
    @pytest.mark.parametrize(
        ("given_name", "name"),
        [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("C:\\Users\\me\\a.png", "C:_Users_me_a.png"),
            ("a\nb\x00c\r.png", "a bc .png"),
            ("fdp.\u202egnp.exe", "fdp.gnp.exe"),
            ("Счёт №5.pdf", "Счёт №5.pdf"),
            ("", "file"),
            (" \n ", "file"),
            ("x" * 300, "x" * 200),
            ("x" * 244 + ".txt", "x" * 196 + ".txt"),
            ("Invoice " * 40 + ".pdf", ("Invoice " * 25)[:196].strip() + ".pdf"),
            ("Dear Sir. " + "x" * 300, "Dear Sir. " + "x" * 190),
        ],
    )
    def test_keeps_no_path_and_no_tricks(self, given_name: str, name: str) -> None:
        assert stored(given_name, PNG).name == name

    @given(st.text(max_size=250))
    @run_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
    def test_decides_nothing_about_where_a_file_lies(self, store: Path, name: str) -> None:
        file = stored(name, PNG)
        assert files.path(file.public_id).read_bytes() == PNG
        assert files.path(file.public_id).is_relative_to(store)
        assert 0 < len(file.name) <= 200
        assert not set(file.name) & set("/\\\n\r\x00")


class TestWhatIsRefused:
    def test_an_empty_file(self, store: Path) -> None:
        with pytest.raises(InvalidInput, match=r"nothing\.txt is empty"):
            stored("nothing.txt", b"")
        assert kept(store) == []

    def test_a_file_over_25_mebibytes_before_anything_is_written(self, store: Path, sparse: io.BufferedRandom) -> None:
        sparse.truncate(25 * 1024 * 1024 + 1)
        uploads = [Upload("small.png", io.BytesIO(PNG)), Upload("film.mov", sparse)]
        with pytest.raises(InvalidInput, match=r"film\.mov is too large: at most 25 MB fit") as refusal:
            attachments.store(uploads)
        assert refusal.value.field == "files"
        assert kept(store) == []

    def test_more_than_five_at_once(self, store: Path) -> None:
        with pytest.raises(InvalidInput, match="at most 5 files"):
            attachments.store([Upload("a.png", io.BytesIO(PNG))] * (MOST_FILES + 1))
        assert kept(store) == []


def test_a_file_of_exactly_25_mebibytes_fits(sparse: io.BufferedRandom) -> None:
    sparse.truncate(LARGEST_FILE)
    (file,) = attachments.store([Upload("film.mov", sparse)])
    assert file.size == files.path(file.public_id).stat().st_size == 25 * 1024 * 1024


def test_five_files_keep_their_order_and_content() -> None:
    contents = [PNG, JPEG, GIF, PDF, HTML]
    found = attachments.store([Upload(str(number), io.BytesIO(content)) for number, content in enumerate(contents)])
    assert [file.name for file in found] == ["0", "1", "2", "3", "4"]
    assert [files.path(file.public_id).read_bytes() for file in found] == contents


class TestTheAddress:
    @pytest.fixture
    def attachment(self, app: Flask, store: Path) -> Attachment:
        """A picture that a customer has sent."""
        files.keep_in(store)
        message = chats.receive(make.website(), make.incoming(), files=[stored("a b/c.png", PNG)])
        return message.attachments[0]

    def test_finds_the_file(self, attachment: Attachment) -> None:
        path = attachments.signed_path(attachment)
        _, _, public_id, expires, signature, name = path.split("/")
        assert attachments.by_signature(public_id, expires, signature) == attachment
        assert unquote(name) == "a b_c.png"

    def test_is_good_for_a_month_and_stays_the_same_all_day(self, attachment: Attachment) -> None:
        midnight = clock.now().replace(hour=0, minute=0)
        with time_machine.travel(midnight, tick=False) as traveller:
            path = attachments.signed_path(attachment)
            given_path = path.split("/")[2:5]
            traveller.shift(timedelta(hours=23))
            assert attachments.signed_path(attachment) == path
            traveller.move_to(midnight + timedelta(days=30))
            assert attachments.by_signature(*given_path) is not None
            traveller.shift(timedelta(days=1))
            assert attachments.by_signature(*given_path) is None

    def test_cannot_be_changed(self, attachment: Attachment) -> None:
        _, _, public_id, expires, signature, _ = attachments.signed_path(attachment).split("/")
        later = str(int(expires) + 1)
        forged = [(public_id, later, signature), ("other", expires, signature), (public_id, expires, signature[:-1])]
        assert [attachments.by_signature(*parts) for parts in [*forged, (public_id, expires, "ä")]] == [None] * 4


class TestOrphans:
    @pytest.fixture
    def shelves(self, app: Flask, store: Path) -> tuple[Path, Path]:
        """A file that its message names and one that was refused, two days old."""
        files.keep_in(store)
        named, refused = stored("kept.png", PNG), stored("refused.png", PNG)
        chats.receive(make.website(), make.incoming(), files=[named])
        paths = files.path(named.public_id), files.path(refused.public_id)
        for path in paths:
            os.utime(path, ((clock.now() - timedelta(days=2)).timestamp(),) * 2)
        return paths

    def test_are_deleted_after_a_day_and_what_a_message_names_stays(self, shelves: tuple[Path, Path]) -> None:
        named, refused = shelves
        fresh = files.path(stored("fresh.png", PNG).public_id)
        sweeps.drop_orphans()
        assert [path.exists() for path in (named, refused, fresh)] == [True, False, True]

    def test_are_looked_for_shelf_by_shelf_as_far_as_nobody_waits(
        self, shelves: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queues, "SHORT_TURN_SECONDS", -1)
        queues.enqueue(queues.SPARE, "jobs.sweeps.drop_orphans")
        queues.ring(queues.INBOUND, "channel:1:somebody")
        sweeps.drop_orphans()
        (_, rest) = Queue(queues.SPARE, connection=bus.redis).jobs
        assert rest.args == (files.shelves()[0],)


def test_a_file_is_on_disk_before_its_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    path = files.path(stored("a.png", PNG).public_id)
    assert synced == [path, path.parent, path.parent.parent]
