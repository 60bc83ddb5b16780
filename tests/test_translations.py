"""The desk in Russian: no sentence is left out, no placeholder is lost, no English word is seen."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, ngettext
from werkzeug.exceptions import HTTPException, default_exceptions

from blueprints import errors, widget_texts
from blueprints.wording import names_of_a_fresh_desk
from channels.base import Author, ChannelError, CustomerData, CustomerUpdate
from models import Agent, Case, Channel
from realtime import fragments, topics
from realtime.bus import bus, unpack
from services import clock, desk
from services.conversations import attachments, chats, messages
from services.errors import AnotherChatActive, CaseNotFound, ChatEnded, ChatTaken, DeskError, Forbidden
from services.exchange import channels, outbox
from services.team import agents
from services.uow import unit_of_work
from tests import factories as make
from tests.browsing import Browser
from tests.reading import english_words, english_words_in
from tests.redis import RealRedis

ROOT = Path(__file__).parents[1]
RUSSIAN = ROOT / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
DETAILS = ("Page", "Language", "Time zone", "Last visit", "IP address", "Chat language", "Browser", "OS version")
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"""["'`]([A-Z][a-z]+ [a-z]+[^"'`]*)["'`]""")
_ASKED = re.compile(r'deskbell\.text\(\s*"([\w-]+)"')
_USED = re.compile(r"\btexts\.(\w+)")
_PLACE = re.compile(r"%\(\w+\)s|\{\w+\}|&\w+;")


def test_every_sentence_has_its_translation_and_none_is_left_over() -> None:
    known = {message.id for message in _russian() if message.id}

    assert known == _sentences(), "run `make messages` and translate what is new"


def test_no_translation_is_empty_or_a_guess() -> None:
    unfinished = [message.id for message in _russian() if not all(_forms(message.string)) or message.fuzzy]

    assert unfinished == []


def test_translations_keep_their_placeholders() -> None:
    for message in _russian():
        if message.id:
            wanted = sorted(_PLACE.findall(_forms(message.id)[0]))
            for form in _forms(message.string):
                assert sorted(_PLACE.findall(form)) == wanted, form


def test_numbers_choose_the_form_of_the_word(app: Flask) -> None:
    with app.test_request_context(), force_locale("ru"):
        said = [ngettext("%(num)s unread", "%(num)s unread", number) for number in (1, 2, 5, 21)]

    assert said == ["1 непрочитанное", "2 непрочитанных", "5 непрочитанных", "21 непрочитанное"]


@pytest.mark.slow
def test_no_page_shows_an_english_word(russian: Browser, pages: list[str]) -> None:
    seen = {address: english_words(russian.get(address).text) for address in pages}

    assert {address: words for address, words in seen.items() if words} == {}


def test_the_audit_log_is_told_in_russian(russian: Browser, pages: list[str]) -> None:
    # The names that things had before are told as they were.
    assert english_words(re.sub("Website( chat)?", "", russian.get("/settings/audit").text)) == []


def test_strangers_are_spoken_to_in_the_language_of_their_browser(client: FlaskClient) -> None:
    for address in ("/login", agents.setup_link("") or "", "/nothing"):
        page = client.get(address, headers={"Accept-Language": "ru-RU,ru;q=0.9"}).text
        assert '<html lang="ru"' in page
        assert english_words(page) == []


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/settings/chats", {"silence_minutes": "x", "warning_minutes": "-1"}),
        ("/settings/chats", {"silence_minutes": "1441", "warning_minutes": "1"}),
        ("/settings/chats", {"silence_minutes": "5", "warning_minutes": "6"}),
        ("/settings/widget", {"title": "я" * 81, "colour": "red", "allowed_sites": ""}),
        ("/settings/widget", {"title": "", "colour": "#123456", "allowed_sites": "ftp://x"}),
        ("/settings/integrations/chatra", {"name": "", "group": "никакая"}),
        ("/profile", {"language": "xx", "theme": "auto"}),
    ],
)
def test_what_cannot_be_taken_is_refused_in_russian(russian: Browser, address: str, fields: dict[str, str]) -> None:
    answer = russian.submit(address, **fields)

    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text
    assert english_words(answer.text) == []


def test_a_refused_action_is_explained_in_russian(russian: Browser) -> None:
    case = make.chat("Где мой заказ?")
    chats.take(case.id, make.agent("Bob"))

    answer = russian.act(f"/chats/{case.id}/reply", text="Сейчас посмотрю")

    assert "Этот чат уже ведёт Bob." in answer.text
    assert english_words(answer.text) == []


def test_a_push_comes_in_the_listeners_language(app: Flask, real_redis: RealRedis) -> None:
    ann, bob = make.agent("Ann", language="ru"), make.agent("Bob", language="en")
    with real_redis.client as redis, redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(bus.channel)
        listener.get_message(timeout=5)
        message = chats.receive(make.website(), make.incoming("Где мой заказ?", name=""))
        heard = [_pushed(listener.get_message(timeout=5)["data"]) for _ in ("Maria", "Ann", "Bob")]
        pushed = heard[0] | heard[1] | heard[2]

    customer = make.case_of(message).customer_id
    assert f"Посетитель {customer}" in pushed[topics.agent(ann.id)]
    assert "Взять чат" in pushed[topics.agent(ann.id)]
    assert f"Visitor {customer}" in pushed[topics.agent(bob.id)]
    assert "Take chat" in pushed[topics.agent(bob.id)]


def test_a_fragment_is_all_in_one_language(app: Flask) -> None:
    _website_called("Сайт")
    ann, bob, chatra = make.agent("Ann"), make.agent("Bob"), make.chatra()
    taken = make.chat("Где мой заказ?", visitor="taken")
    chats.take(taken.id, bob)
    unsent = (_unsent(chatra, ann, "failed"), _unsent(chatra, ann, "unknown", uncertain=True))
    for case in (_chat_of_nobody(), _ended_case(ann), _chat_with_files(), make.fresh(taken), *unsent):
        rendered = fragments.of_case_in({"ru", "en"}, case, messages.latest(case.id), customer_changed=True)
        assert english_words(rendered["ru"]) == []
        assert english_words(rendered["en"]) != []


def test_the_widget_speaks_russian(client: FlaskClient) -> None:
    config = client.get(f"/widget/{desk.first_widget().key}/config?lang=ru").json

    assert [text for text in config["texts"].values() if english_words_in(text)] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "я" * 10_001},
        {"text": "привет", "email": "мария"},
        {"text": "привет", "client_id": "1" * 65},
    ],
)
def test_the_widget_refuses_in_russian(client: FlaskClient, fields: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {'a' * 43}"}
    address = f"/widget/{desk.first_widget().key}/messages?lang=ru"
    answer = client.post(address, json={"client_id": "1" * 20, "name": "Мария", **fields}, headers=headers)

    assert answer.status_code == 422, answer.text
    assert re.search("[а-я]", answer.json["error"])
    assert english_words_in(answer.json["error"]) == []


def test_whoever_comes_too_often_is_told_so_in_russian(client: FlaskClient) -> None:
    address = f"/widget/{desk.first_widget().key}/ticket?lang=ru"
    headers = {"Authorization": f"Bearer {'a' * 43}"}
    answers = [client.post(address, headers=headers) for _ in range(121)]

    assert answers[-1].status_code == 429
    assert re.search(r"Подождите \d+ секунд", answers[-1].json["error"])


@pytest.mark.parametrize(
    "error",
    [
        DeskError(),
        Forbidden(),
        CaseNotFound(7),
        ChatEnded(),
        ChatTaken(by="Bob", agent_id=2),
        AnotherChatActive(7),
        *(default_exceptions[status]() for status in (400, 403, 404, 405, 413, 418, 429)),
    ],
    ids=str,
)
def test_every_error_is_explained_in_russian(app: Flask, error: DeskError | HTTPException) -> None:
    answer = errors.desk_error if isinstance(error, DeskError) else errors.http_error
    with app.test_request_context(headers={"Accept": "application/json"}), force_locale("ru"):
        said = answer(error).get_json()["error"]

    assert re.search("[а-я]", said)
    assert english_words_in(said) == []


def test_a_fresh_desk_is_furnished_in_its_own_language(app: Flask) -> None:
    with force_locale("ru"):
        names = names_of_a_fresh_desk()

    assert names == desk.Names(group="Поддержка", channel="Чат на сайте", widget="Сайт")


def test_scripts_say_nothing_of_their_own() -> None:
    """Whatever people read comes from the server; only the console of a site's developer is spoken to in English."""
    said = {path.name: _SENTENCE.findall(_COMMENT.sub("", path.read_text(encoding="utf-8"))) for path in _scripts()}

    assert {name: sentences for name, sentences in said.items() if sentences} == {}


def test_every_text_that_scripts_ask_for_is_there(russian: Browser) -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in _scripts()}
    asked = {name for path, text in sources.items() if path.parent.name == "js" for name in _ASKED.findall(text)}
    of_widget = {name for path, text in sources.items() if "widget_js" in path.parts for name in _USED.findall(text)}
    page = russian.get("/chats").text

    assert {name for name in asked if f'data-text-{name}="' not in page} == set()
    assert of_widget - widget_texts.texts().keys() == set()
    computed = {"left", "ended", "closed", "sending", "sent"}
    assert widget_texts.texts().keys() - of_widget == computed | {"title"}


@pytest.fixture
def russian(app: Flask) -> Browser:
    """The browser of a Russian-speaking administrator, who sees every page."""
    return Browser(app.test_client()).sign_in(make.agent("Ann", admin=True, language="ru"))


@pytest.fixture
def pages(russian: Browser) -> list[str]:
    """The addresses of all kinds of pages, with something to show on each."""
    ann, bob, chatra = make.agent("Ann"), make.agent("Bob"), _chatra_in_trouble(russian)
    mine, theirs = (make.chat("Где мой заказ?", visitor=visitor) for visitor in ("a", "b"))
    russian.act(f"/chats/{mine.id}/take")
    chats.take(theirs.id, bob)
    failed, uncertain = _unsent(chatra, ann, "c"), _unsent(chatra, ann, "d", uncertain=True)
    active = [f"/chats/{case.id}" for case in (mine, theirs, _chat_of_nobody(), failed, uncertain)]
    cases = ["/cases", "/cases?channel=live_chat&status=closed", "/cases?status=open", f"/cases/{_ended_case(ann).id}"]
    own = _website_called("Сайт").id
    settings = ["chats", "widget", "integrations", "integrations/new", "integrations/chatra"]
    settings += ["agents", f"agents/{bob.id}", f"agents/{bob.id}/disable", f"agents/{bob.id}/delete", "groups"]
    settings += ["invitations/new", "roles", "roles/new", "statuses", "statuses/times"]
    settings += [
        f"integrations/{name}"
        for name in (own, chatra.id, *(f"{chatra.id}/{name}" for name in ("keys", "edit", "disconnect")))
    ]
    return [
        "/chats",
        *active,
        *cases,
        "/profile",
        *(f"/profile/{name}" for name in ("security", "security/password", "security/two-factor", "notifications")),
        "/nothing",
        "/chats/999",
        *(f"/settings/{name}" for name in settings),
    ]


def _russian() -> Catalog:
    with RUSSIAN.open("rb") as file:
        return read_po(file, locale="ru")


def _scripts() -> list[Path]:
    """Our own scripts, of the desk and of the widget."""
    return [*(ROOT / "static" / "js").glob("*.js"), *(ROOT / "widget_js").rglob("*.js")]


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _sentences() -> set[str | tuple[str, ...]]:
    """Everything in the sources that is marked for translation, found as `make messages` finds it."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options, {**DEFAULT_KEYWORDS, "_l": None})
    return {sentence for _file, _line, sentence, _comments, _context in found}


def _chat_of_nobody() -> Case:
    """A chat of a visitor who gave no name and whose browser tells about itself."""
    message = chats.receive(make.website(), make.incoming("Где мой заказ?", visitor="nobody", name=""))
    data = CustomerData("nobody", details=dict.fromkeys((*DETAILS, "Location"), "1"))
    chats.update_customer(make.website(), CustomerUpdate("nobody", data))
    return make.case_of(message)


def _ended_case(agent: Agent) -> Case:
    case = make.chat("Спасибо!", visitor="ended")
    chats.end(case.id, agent, "closed")
    return make.fresh(case)


def _chatra_in_trouble(browser: Browser) -> Channel:
    """A Chatra account that refuses us, and that has sent something of no use."""
    channel = make.chatra()
    channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
    hook = f"/hooks/chatra/{channel.sealed_hook_token}"
    assert browser.client.post(hook, json={"eventName": "chatStarted"}).status_code == 200
    return channel


def _chat_with_files() -> Case:
    """A chat with a bot's words and files of both kinds."""
    case = make.chat("Где мой заказ?", visitor="files")
    papers = attachments.store([attachments.Upload("счёт.txt", io.BytesIO("счёт".encode()))])
    chats.receive(case.channel, make.incoming("Вот счёт", visitor="files", name=""), files=papers)
    chats.receive(case.channel, make.incoming("Я бот", visitor="files", author=Author.BOT))
    return make.fresh(case)


def _unsent(channel: Channel, agent: Agent, visitor: str, *, uncertain: bool = False) -> Case:
    """A chat whose answer was refused, or whose sender died."""
    case = make.chat("Где мой заказ?", channel=channel, visitor=visitor)
    chats.reply(case.id, agent, "Уже в пути.")
    item = outbox.claim(case.stream)
    assert item is not None
    if uncertain:
        for minutes in (5, 10):
            with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
                outbox.expire_leases()
                outbox.give_up_waiting()
    else:
        outbox.fail(item.id, ChannelError("Chatra did not accept it (answer 400).", permanent=True), idempotent=False)
    return make.fresh(case)


def _website_called(name: str) -> Channel:
    """A fresh desk calls its channel by an English name, which is its owner's to change."""
    channel = make.website()
    with unit_of_work():
        channel.name = name
    return channel


def _pushed(data: bytes) -> dict[str, str]:
    wanted, payload = unpack(data)
    return dict.fromkeys(wanted, payload)
