"""Safe by default: headers, cookies, proxies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from config import Settings
from tests.browsing import Browser
from tests.opening import opened


def test_pages_carry_a_policy_without_anything_unsafe(client: FlaskClient) -> None:
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_pages_have_no_inline_scripts_or_styles(admin: Browser) -> None:
    for address in ("/chats", "/cases", "/settings/chats", "/settings/integrations", "/profile"):
        page = admin.get(address).text
        assert "style=" not in page, address
        assert " onclick" not in page, address
        assert "<script>" not in page, address


def test_session_cookies_are_kept_from_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_cookies_are_secure_as_soon_as_the_public_address_is_https(settings: Settings) -> None:
    with opened(replace(settings, public_url="https://desk.example")) as app:
        assert "Secure" in app.test_client().get("/login").headers["Set-Cookie"]


@pytest.mark.parametrize(("trusted", "secure"), [("127.0.0.0/8", True), ("10.0.0.0/8", False)])
def test_forwarding_headers_are_believed_from_named_proxies_only(
    settings: Settings, trusted: str, secure: bool
) -> None:
    networks = Settings.from_environ({"DATA_DIR": str(settings.data_dir), "TRUSTED_PROXIES": trusted}).trusted_proxies
    with opened(replace(settings, trusted_proxies=networks)) as app:
        answer = app.test_client().get("/login", headers={"X-Forwarded-Proto": "https"})
    assert ("Strict-Transport-Security" in answer.headers) is secure
