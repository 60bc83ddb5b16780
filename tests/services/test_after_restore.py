"""After a restore nothing comes back that was withdrawn since the backup."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from extensions import db
from models import Presence
from services import after_restore, clock
from services.attendance import presence, telling
from services.signing_in import passwords
from services.team import invitations
from services.team.invitations import Offer
from tests import factories as make
from tests.browsing import Browser
from tests.vendors import lighthouse


def test_a_browser_that_was_signed_in_is_so_no_more(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    after_restore.begin_anew()
    assert browser.get("/chats").status_code == 302


def test_links_that_were_open_open_nothing(app: Flask) -> None:
    boss = make.agent("Boss", admin=True)
    token = passwords.make_link(make.agent("Ann"), boss)
    invited = invitations.invite(boss, Offer("new@desk.example"))
    after_restore.begin_anew()
    assert passwords.whose_link(token) is None
    assert invitations.by_token(invited.token) is None


def test_vendors_are_told_anew_who_is_there(app: Flask, tmp_path: Path) -> None:
    with lighthouse.connected(tmp_path) as vendor:
        make.agent("Ann")
        presence.refresh(vendor.channel_id)
        told = telling.claim(vendor.channel_id)
        assert told is not None
        telling.settle(told)
        after_restore.begin_anew()
        (row,) = db.session.scalars(db.select(Presence))
        assert (row.told, row.due_at is not None and row.due_at <= clock.now()) == (None, True)
