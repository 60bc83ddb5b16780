"""Which sites may use a widget."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from services import desk
from services.exchange import widgets

SHOP = "https://shop.example"


def _config() -> str:
    return f"/widget/{desk.first_widget().key}/config"


def _allow(*sites: str) -> None:
    widgets.change(desk.first_widget().id, title="", colour="#0f766e", sites="\n".join(sites))


@pytest.mark.parametrize("origin", [SHOP, "http://localhost:3000", "null"])
def test_every_site_may_use_a_widget_without_a_list(client: FlaskClient, origin: str) -> None:
    answer = client.get(_config(), headers={"Origin": origin})

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", [SHOP, "https://help.shop.example", "http://a.b.shop.example:8080"])
def test_a_listed_site_may_use_it(client: FlaskClient, origin: str) -> None:
    _allow(SHOP, "*.shop.example")

    answer = client.get(_config(), headers={"Origin": origin})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://shop.example.evil.example", "https://myshop.example"]
)
def test_another_site_is_refused_with_the_reason(client: FlaskClient, origin: str) -> None:
    _allow(SHOP, "*.shop.example")

    answer = client.get(_config(), headers={"Origin": origin})

    assert answer.status_code == 403
    assert "allowed sites" in answer.json["error"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_another_site_cannot_post_either(client: FlaskClient) -> None:
    _allow(SHOP)
    path = _config().replace("config", "messages")

    answer = client.post(path, json={"client_id": "x", "text": "x"}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_our_own_pages_may_always_use_it(client: FlaskClient) -> None:
    _allow(SHOP)

    assert client.get(_config(), headers={"Origin": "http://localhost"}).status_code == 200
    assert client.get(_config()).status_code == 200


def test_a_preflight_allows_what_the_widget_sends(client: FlaskClient) -> None:
    path = _config().replace("config", "messages")

    answer = client.options(path, headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"})

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


def test_a_preflight_of_another_site_is_refused(client: FlaskClient) -> None:
    _allow(SHOP)

    assert client.options(_config(), headers={"Origin": "https://evil.example"}).status_code == 403


def test_errors_can_be_read_by_the_page(client: FlaskClient) -> None:
    answer = client.get(_config().replace("config", "chat"), headers={"Origin": SHOP})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, SHOP)
