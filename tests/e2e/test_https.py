"""The desk on https behind Caddy and behind nginx, set up as deploy/ has it: pages, cookies, sockets, addresses."""

from __future__ import annotations

import itertools
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.browsing import PASSWORD
from tests.deploy import certificates, proxies
from tests.deploy.desk import running_desk
from tests.deploy.proxies import Place
from tests.deploy.site import shop
from tests.e2e.conftest import say, write_first
from tests.processes.running import free_port

pytestmark = pytest.mark.slow

EMAIL = "ann@desk.example"
MEGABYTE = 1024 * 1024
_addresses = (f"127.0.0.{number}" for number in itertools.count(2))


@dataclass
class Secured:
    """The desk's address on https, how to trust its certificate, and a site with its widget."""

    proxy: str
    url: str
    place: Place
    shop: str
    trust: ssl.SSLContext

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A client at one of this machine's addresses."""
        transport = httpx.HTTPTransport(verify=self.trust, local_address=address)
        return httpx.Client(transport=transport, base_url=self.url, timeout=30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the proxies stand, one after the other."""
    folder = tmp_path_factory.mktemp("proxy")
    certificate, key = certificates.make(folder)
    return Place(folder, free_port(), free_port(), free_port(), certificate, key)


@pytest.fixture(scope="module")
def administrators_link(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One desk for both proxies."""
    environ = {
        "HOST": "127.0.0.1",
        "PORT": str(place.desk),
        "PUBLIC_URL": f"https://localhost:{place.https}",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with running_desk(tmp_path_factory.mktemp("secured"), **environ) as link:
        yield link


@pytest.fixture(scope="module", params=sorted(proxies.KINDS))
def secured(request: pytest.FixtureRequest, place: Place, administrators_link: str) -> Iterator[Secured]:
    """The desk behind a proxy, with an administrator."""
    trust = ssl.create_default_context(cafile=str(place.certificate))
    url = f"https://localhost:{place.https}"
    with proxies.running(request.param, place):
        key = _widget_key(Secured(request.param, url, place, "", trust), administrators_link)
        with shop(place.certificate, place.key, desk=url, widget=key) as address:
            yield Secured(request.param, url, place, address, trust)


def _widget_key(desk: Secured, administrators_link: str) -> str:
    """Make the administrator unless there is one, and read the line that goes onto a site."""
    with desk.client() as client:
        if client.get(administrators_link).status_code == 200:
            submit(client, administrators_link, name="Ann", email=EMAIL, password=PASSWORD)
        else:
            submit(client, "/login", email=EMAIL, password=PASSWORD)
        page = client.get("/settings/widget").text
    found = re.search(rf"{desk.url}/widget\.js&#34; data-widget=&#34;([^&]+)&#34;", page)
    assert found, page
    return found.group(1)


def submit(client: httpx.Client, address: str, **fields: str) -> httpx.Response:
    """Send a form with the token of its page, as a browser does."""
    headers = {"Referer": str(client.base_url.join(address))}
    return client.post(address, data={"csrf_token": token(client, address), **fields}, headers=headers)


def token(client: httpx.Client, address: str) -> str:
    """The token of a page with a form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(address).text)
    assert found, address
    return found.group(1)


@contextmanager
def person(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    """Somebody's browser, and the addresses of the sockets that it opens; a console error fails the test."""
    sockets: list[str] = []
    errors: list[str] = []

    def note(socket: WebSocket) -> None:
        sockets.append(socket.url)
        socket.on("socketerror", lambda error: errors.append(error))

    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.on("websocket", note)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page, sockets
    context.close()
    assert errors == []


def test_a_visitor_of_an_https_site_and_an_agent_talk(secured: Secured, chromium: Browser) -> None:
    with person(chromium) as (agent, agents_sockets), person(chromium) as (visitor, visitors_sockets):
        agent.goto(f"{secured.url}/login")
        agent.get_by_label("E-mail").fill(EMAIL)
        agent.get_by_label("Password").fill(PASSWORD)
        agent.get_by_role("button", name="Sign in").click()
        expect(agent).to_have_url(f"{secured.url}/chats")
        visitor.goto(secured.shop)
        write_first(visitor, f"Maria of {secured.proxy}", "Is this safe?")
        agent.get_by_role("link", name=f"Maria of {secured.proxy}").click()
        agent.get_by_role("textbox", name="Reply").fill("As safe as can be.")
        agent.get_by_role("button", name="Send", exact=True).click()
        expect(visitor.get_by_text("As safe as can be.")).to_be_visible()
        say(visitor, "Good.")
        expect(agent.get_by_role("log", name="Messages").get_by_text("Good.")).to_be_visible()
        assert {url.partition("?")[0] for url in agents_sockets} == {f"wss{secured.url[5:]}/live"}
        assert {url.partition("?")[0] for url in visitors_sockets} == {f"wss{secured.url[5:]}/widget/live"}


def test_cookies_are_for_https_alone(secured: Secured) -> None:
    with secured.client() as client:
        answer = submit(client, "/login", email=EMAIL, password=PASSWORD)
    assert answer.headers["Location"] == "/chats"
    assert re.search(r"deskbell=[^;]+;.* Secure;.* HttpOnly;", answer.headers["Set-Cookie"])
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_limits_count_by_the_browsers_address_whatever_it_claims(secured: Secured) -> None:
    assert failed_tries(secured, 11) == [422] * 10 + [429]
    assert failed_tries(secured, 1) == [422]


def failed_tries(secured: Secured, count: int) -> list[int]:
    """How so many failed tries to sign in are answered, sent from an address of their own that claims to be others."""
    with secured.client(next(_addresses)) as client:
        wrong = {"csrf_token": token(client, "/login"), "email": "nobody", "password": ""}
        client.headers["Referer"] = f"{secured.url}/login"
        claims = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(count)]
        return [client.post("/login", data=wrong, headers=claim).status_code for claim in claims]


def test_a_browser_cannot_choose_the_desks_name_or_scheme(secured: Secured) -> None:
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    with secured.client() as client:
        policy = client.get("/login", headers=lies).headers["Content-Security-Policy"]
    assert f"connect-src 'self' wss{secured.url[5:]};" in policy


def test_requests_as_large_as_the_desk_takes_pass(secured: Secured) -> None:
    with secured.client() as client:
        answer = client.post("/login", files={"file": bytes(51 * MEGABYTE)})
    # The desk has read it all and misses the form's token.
    assert answer.status_code == 400


def test_nginx_sends_plain_http_to_https(place: Place, administrators_link: str) -> None:
    with proxies.running("nginx", place):
        answer = httpx.get(f"http://127.0.0.1:{place.http}/chats?a=1", headers={"Host": "localhost"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/chats?a=1")
