"""The widget's own files and texts."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blueprints import widget_texts
from services import desk
from services.exchange import widgets

LARGEST_LOADER = 8 * 1024
LARGEST_PANEL = 25 * 1024


def _config(client: FlaskClient, language: str = "en") -> dict[str, object]:
    answer = client.get(f"/widget/{desk.first_widget().key}/config", query_string={"lang": language})
    assert answer.status_code == 200
    return dict(answer.json)


@pytest.mark.row("R39")
def test_the_script_of_every_page_stays_small(client: FlaskClient) -> None:
    answer = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) <= LARGEST_LOADER
    assert b"deskbell-widget" in gzip.decompress(answer.data)


@pytest.mark.row("R39")
def test_the_panel_with_its_styles_stays_small(client: FlaskClient) -> None:
    config = _config(client)
    parts = [client.get(config[name], headers={"Accept-Encoding": "gzip"}).data for name in ("panel", "css")]

    assert sum(map(len, parts)) <= LARGEST_PANEL


def test_the_script_is_asked_for_again_after_five_minutes(client: FlaskClient) -> None:
    first = client.get("/widget.js")
    again = client.get("/widget.js", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (again.status_code, again.data) == (304, b"")


def test_what_carries_its_hash_is_kept_for_ever(client: FlaskClient) -> None:
    config = _config(client)

    assert "immutable" in client.get(config["panel"]).headers["Cache-Control"]
    assert client.get("/widget/assets/panel.js?v=older").headers["Cache-Control"] == "public, max-age=300"


def test_the_panel_is_one_script_in_one_scope(client: FlaskClient) -> None:
    script = client.get("/widget/assets/panel.js")

    assert script.mimetype == "text/javascript"
    assert script.text.startswith('(() => {\n"use strict";')
    assert script.text.rstrip().endswith("})();")


def test_no_script_parses_text_as_html_or_code(client: FlaskClient) -> None:
    scripts = client.get("/widget.js").text + client.get("/widget/assets/panel.js").text

    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|cookie =", scripts
    )


@pytest.mark.parametrize("name", ["loader.py", "panel/dom.js", "..%2Fconfig.py", "README.md"])
def test_other_files_are_not_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/widget/assets/{name}").status_code == 404


def test_the_look_is_the_widgets_own(client: FlaskClient) -> None:
    widgets.change(desk.first_widget().id, title="Ask the shop", colour="#aa0000", sites="")

    config = _config(client)

    assert (config["title"], config["colour"], config["name"]) == ("Ask the shop", "#aa0000", "Website")


def test_a_widget_without_a_title_has_the_standard_one(client: FlaskClient) -> None:
    assert _config(client)["title"] == "Chat with us"


@pytest.mark.parametrize(
    ("wanted", "spoken"), [("en-GB", "en"), ("ru-RU", "ru"), ("RU", "ru"), ("de", "en"), ("", "en"), ("../x", "en")]
)
def test_the_widget_speaks_the_pages_language_or_english(client: FlaskClient, wanted: str, spoken: str) -> None:
    assert _config(client, wanted)["lang"] == spoken


def test_every_text_that_the_scripts_ask_for_is_there(app: Flask, client: FlaskClient) -> None:
    scripts = client.get("/widget.js").text + client.get("/widget/assets/panel.js").text
    wanted = set(re.findall(r"texts\.(\w+)", scripts))

    with app.test_request_context():
        assert wanted - set(widget_texts.texts()) == set()
