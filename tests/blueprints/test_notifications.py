"""One's notifications: wishes that are kept, browsers that are switched on and off, the service worker."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq import Queue

from extensions import db
from jobs import queues
from models import Agent, PushSubscription, Setting
from realtime.bus import bus
from services.alerts import notifications, push_keys
from services.alerts.notifications import Wishes
from services.signing_in import sign_ins
from tests import factories as make
from tests.browsing import Browser
from tests.pushing import PushingBrowser

PAGE = "/profile/notifications"
EVERYTHING = {name: "y" for name, value in vars(Wishes()).items() if value is True}


@pytest.fixture
def pushing(monkeypatch: pytest.MonkeyPatch) -> PushingBrowser:
    """What a browser sends whose push service is on the internet, though nobody asks a name server here."""
    resolve(monkeypatch, "9.9.9.9")
    return PushingBrowser("https://push.example/abc")


def resolve(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def found(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr("blueprints.notifications.endpoints.socket.getaddrinfo", found)


def subscriptions(agent: Agent) -> list[PushSubscription]:
    return list(db.session.scalars(db.select(PushSubscription).where(PushSubscription.agent_id == agent.id)))


def test_what_was_never_chosen_is_on(browser: Browser) -> None:
    page = browser.get(PAGE).text
    assert [name for name in EVERYTHING if f'checked id="{name}"' not in page] == []
    assert 'data-reminder="20"' in page


def test_wishes_are_kept_and_stand_on_every_page(browser: Browser, ann: Agent) -> None:
    answer = browser.submit(PAGE, new_sound="y", mention_desktop="y", reminder_seconds="30", volume="40")
    assert answer.status_code == 303
    db.session.refresh(ann)
    assert notifications.wishes(ann).ways == ["new-sound", "mention-desktop"]
    assert not notifications.wishes(ann).pushes
    for page in ("/chats", "/chats/rows"):
        text = browser.get(page).text
        assert 'data-alerts="new-sound mention-desktop" data-reminder="0" data-volume="40" data-words="0"' in text, page


@pytest.mark.parametrize(
    ("field", "value"), [("reminder_seconds", "5"), ("reminder_seconds", "often"), ("volume", "101")]
)
def test_what_makes_no_sense_is_said_at_its_field(browser: Browser, ann: Agent, field: str, value: str) -> None:
    answer = browser.submit(PAGE, **{"reminder_seconds": "20", "volume": "100", **EVERYTHING, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    db.session.refresh(ann)
    assert notifications.wishes(ann) == Wishes()


def test_the_key_that_browsers_subscribe_with_is_made_once_and_kept_encrypted(browser: Browser) -> None:
    key = push_keys.keys()
    assert f'data-key="{key.public}"' in browser.get(PAGE).text
    assert push_keys.keys() == key
    kept = db.session.get_one(Setting, "push").value
    assert key.private not in str(kept)


def test_a_browser_is_switched_on_and_off(browser: Browser, ann: Agent, pushing: PushingBrowser) -> None:
    assert browser.act(f"{PAGE}/browser", **pushing.fields).status_code == 204
    assert browser.act(f"{PAGE}/browser", **pushing.fields).status_code == 204
    (subscription,) = subscriptions(ann)
    assert subscription.sealed_endpoint == pushing.endpoint
    browser.act(f"{PAGE}/browser/off", endpoint=pushing.endpoint)
    assert subscriptions(ann) == []


def test_signing_out_ends_it(browser: Browser, ann: Agent, pushing: PushingBrowser) -> None:
    browser.act(f"{PAGE}/browser", **pushing.fields)
    browser.submit("/logout", page="/profile")
    assert subscriptions(ann) == []


def test_a_browser_that_is_signed_out_from_elsewhere_is_not_told_any_more(
    app: Flask, browser: Browser, ann: Agent, pushing: PushingBrowser
) -> None:
    browser.act(f"{PAGE}/browser", **pushing.fields)
    sign_ins.end_all(ann.id)
    assert subscriptions(ann) == []


def test_a_browser_belongs_to_whoever_switched_it_on_last(
    app: Flask, browser: Browser, ann: Agent, pushing: PushingBrowser
) -> None:
    browser.act(f"{PAGE}/browser", **pushing.fields)
    bob = make.agent("Bob")
    Browser(app.test_client()).sign_in(bob).act(f"{PAGE}/browser", **pushing.fields)
    assert (subscriptions(ann), len(subscriptions(bob))) == ([], 1)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_an_address_that_leads_inside_is_refused(
    browser: Browser, ann: Agent, pushing: PushingBrowser, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolve(monkeypatch, address)
    assert browser.act(f"{PAGE}/browser", **pushing.fields).status_code == 422
    assert subscriptions(ann) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "http://push.example/abc"},
        {"endpoint": "https://user@push.example/abc"},
        {"endpoint": "https://push.example/" + "a" * 2000},
        {"endpoint": "https://[push.example/"},
        {"endpoint": ""},
        {"p256dh": "AAAA"},
        {"p256dh": "\u00e4"},
        {"auth": "AAAA"},
        {"auth": ""},
    ],
)
def test_what_is_no_subscription_is_refused(
    browser: Browser, ann: Agent, pushing: PushingBrowser, changed: dict[str, str]
) -> None:
    assert browser.act(f"{PAGE}/browser", **(pushing.fields | changed)).status_code == 422
    assert subscriptions(ann) == []


def test_a_test_is_sent_to_this_browser_only(app: Flask, browser: Browser, ann: Agent, pushing: PushingBrowser) -> None:
    browser.act(f"{PAGE}/browser", **pushing.fields)
    stranger = Browser(app.test_client()).sign_in(make.agent("Bob"))
    assert stranger.act(f"{PAGE}/test", endpoint=pushing.endpoint).status_code == 422
    assert browser.act(f"{PAGE}/test", endpoint=pushing.endpoint).status_code == 204
    (job,) = Queue(queues.PUSH, connection=bus.redis).jobs
    assert job.args == (f"test:{subscriptions(ann)[0].id}",)


def test_strangers_are_led_to_the_sign_in_page(client: FlaskClient) -> None:
    assert client.get(PAGE).status_code == 302


def test_the_service_worker_answers_for_the_whole_desk_and_is_looked_for_anew(client: FlaskClient) -> None:
    answer = Browser(client).get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_browser_that_looks_for_a_new_service_worker_is_nobody_at_the_desk(browser: Browser, ann: Agent) -> None:
    ann.connected_until = None
    db.session.commit()
    browser.get("/sw.js")
    db.session.refresh(ann)
    assert ann.connected_until is None
