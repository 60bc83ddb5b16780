"""One's own profile: name, picture, signature, language, appearance, status after a sign-in."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from extensions import db, files
from models import Agent
from services.attendance import statuses
from services.conversations import attachments
from services.conversations.attachments import Upload
from services.errors import InvalidInput
from services.team import avatars, profiles
from services.team.profiles import Profile
from tests import factories as make
from tests.e2e.scenes import PNG

OWN = Profile(name="Anna", language="ru", theme="dark", signature="Yours, Anna", keeps_status=True)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann")


def picture(content: bytes) -> Upload:
    return Upload("a picture", io.BytesIO(content))


def fresh(agent: Agent) -> Agent:
    db.session.rollback()
    db.session.refresh(agent)
    return agent


def test_what_was_chosen_is_kept(ann: Agent) -> None:
    profiles.change(ann.id, OWN, languages=("en", "ru"))
    assert (fresh(ann).name, ann.language, ann.theme, ann.signature) == ("Anna", "ru", "dark", "Yours, Anna")


def test_a_sign_in_leaves_the_status_of_who_wants_it_kept(ann: Agent) -> None:
    profiles.change(ann.id, OWN, languages=("ru",))
    away = statuses.built_in(statuses.StatusKind.WITHOUT_CHATS)
    statuses.choose(ann.id, away.id)
    statuses.begin(ann.id)
    assert statuses.of(fresh(ann)) == away


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": " "}, "name"), ({"language": "xx"}, "language"), ({"theme": "pink"}, "theme")],
)
def test_what_cannot_be_taken_is_refused_at_its_field(ann: Agent, change: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        profiles.change(ann.id, Profile(**{"name": "Ann", "language": "en", **change}), languages=("en",))
    assert refused.value.field == field


@pytest.mark.parametrize(("content", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")])
def test_a_picture_is_kept_and_found_by_its_name(ann: Agent, content: bytes, media_type: str) -> None:
    avatars.keep(ann.id, picture(content))
    found = avatars.find(fresh(ann).avatar)
    assert found is not None
    assert (found.path.read_bytes(), found.media_type) == (content, media_type)


@pytest.mark.parametrize("content", [SVG, b"GIF89a\x01\x00\x01\x00", b"words", b"", PNG + b"\x00" * 2 * 1024 * 1024])
def test_what_is_no_small_picture_is_refused(ann: Agent, content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        avatars.keep(ann.id, picture(content))
    assert refused.value.field == "picture"
    assert fresh(ann).avatar == ""


def test_a_picture_that_was_replaced_or_removed_is_gone(ann: Agent) -> None:
    avatars.keep(ann.id, picture(PNG))
    first = fresh(ann).avatar
    avatars.keep(ann.id, picture(JPEG))
    second = fresh(ann).avatar
    avatars.remove(ann.id)
    assert (avatars.find(first), avatars.find(second), fresh(ann).avatar) == (None, None, "")
    assert not any(files.path(name).exists() for name in (first, second))


def test_no_name_finds_no_picture(ann: Agent) -> None:
    make.agent("Bob")
    assert [avatars.find(name) for name in ("", ".", "..", "x" * 22)] == [None] * 4


def test_a_picture_is_no_orphan(ann: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    avatars.keep(ann.id, picture(PNG))
    monkeypatch.setattr(attachments, "_PATIENCE", -attachments._PATIENCE)
    name = fresh(ann).avatar
    attachments.drop_orphans(name[:2])
    assert files.path(name).is_file()
