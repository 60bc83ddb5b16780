"""The one HTTP client: what it sends, what it believes, and what a failure means."""

from __future__ import annotations

import logging
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from channels.base import ChannelError
from channels.http import Answer, HttpClient
from tests.vendors.receiver import Receiver, Reply

pytestmark = pytest.mark.slow

SECRET = "fake-secret-of-nobody"


def client(receiver: Receiver, *, timeout: float = 5.0, longest: int = 1_000_000) -> HttpClient:
    return HttpClient(trusted=(receiver.url,), timeout=timeout, longest=longest)


def failure(receiver: Receiver, reply: Reply, method: str = "POST", *, timeout: float = 5.0) -> ChannelError:
    receiver.replies.append(reply)
    with pytest.raises(ChannelError) as found:
        client(receiver, timeout=timeout).call(method, receiver.url, vendor="Shop", body={"text": "Hi!"})
    return found.value


def test_json_goes_out_and_comes_in(receiver: Receiver) -> None:
    receiver.replies.append(Reply(201, b'{"id": "m1"}'))
    answer = client(receiver).call(
        "POST", f"{receiver.url}/messages/", vendor="Shop", headers={"Authorization": SECRET}, body={"text": "Grüße ☎"}
    )
    sent = receiver.received[0]
    assert answer == Answer(201, {"id": "m1"})
    assert (sent.method, sent.path, sent.json) == ("POST", "/messages/", {"text": "Grüße ☎"})
    assert sent.headers["Authorization"] == SECRET
    assert sent.headers["Content-Type"] == "application/json"


def test_text_that_is_no_unicode_can_still_be_sent(receiver: Receiver) -> None:
    client(receiver).call("POST", receiver.url, vendor="Shop", body={"text": "half \ud800"})
    assert receiver.received[0].raw == rb'{"text": "half \ud800"}'


@pytest.mark.parametrize(
    ("status", "permanent", "broken", "uncertain"),
    [
        (400, True, False, False),
        (401, True, True, False),
        (403, True, True, False),
        (404, True, False, False),
        (408, False, False, False),
        (422, True, False, False),
        (429, False, False, False),
        (500, False, False, False),
        (502, False, False, True),
        (503, False, False, False),
        (504, False, False, True),
        (520, False, False, True),
        (521, False, False, False),
        (522, False, False, True),
        (523, False, False, False),
        (524, False, False, True),
    ],
)
def test_each_status_has_its_meaning(
    receiver: Receiver, status: int, permanent: bool, broken: bool, uncertain: bool
) -> None:
    found = failure(receiver, Reply(status))
    assert (found.permanent, found.broken, found.uncertain) == (permanent, broken, uncertain)
    assert found.reason.startswith("Shop ")


def test_an_expected_status_is_an_answer(receiver: Receiver) -> None:
    receiver.replies.append(Reply(404, b'{"error": "no"}'))
    answer = client(receiver).call("GET", receiver.url, vendor="Shop", accept=(404,))
    assert answer == Answer(404, {"error": "no"})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("99999999", 3600), ("soon", None), ("-5", None), ("", None), ("9" * 400, 3600)],
)
def test_the_vendors_wish_to_wait_is_read_as_seconds(receiver: Receiver, header: str, seconds: float | None) -> None:
    assert failure(receiver, Reply(429, headers={"Retry-After": header})).retry_after == seconds


def test_the_vendors_wish_to_wait_is_read_as_a_date(receiver: Receiver) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait = failure(receiver, Reply(503, headers={"Retry-After": date})).retry_after
    assert wait is not None
    assert 50 < wait <= 60


def test_a_date_that_has_passed_means_at_once(receiver: Receiver) -> None:
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert failure(receiver, Reply(503, headers={"Retry-After": date})).retry_after == 0


@pytest.mark.parametrize(("method", "uncertain"), [("POST", True), ("PUT", True), ("DELETE", True), ("GET", False)])
def test_silence_leaves_in_doubt_whether_a_change_was_made(receiver: Receiver, method: str, uncertain: bool) -> None:
    found = failure(receiver, Reply(hang=True), method, timeout=0.2)
    assert (found.permanent, found.uncertain) == (False, uncertain)


def test_a_connection_that_breaks_before_the_answer_leaves_it_in_doubt(receiver: Receiver) -> None:
    receiver.stopping.set()
    assert failure(receiver, Reply(hang=True)).uncertain


def test_a_refused_connection_is_no_doubt(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ChannelError, match="Shop could not be reached") as found:
        HttpClient(trusted=(url,)).call("POST", url, vendor="Shop", body={})
    assert (found.value.permanent, found.value.uncertain) == (False, False)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b""),
        Reply(200, b"<html>"),
        Reply(200, b'{"id": "m1'),
        Reply(200, b"\xff\xfe"),
        Reply(200, b"[" * 100_000),
        Reply(200, b'"' + b"x" * 3000 + b'"'),
        Reply(200, b'{"id"', {"Content-Length": "500"}),
        Reply(200, b'{"id": 1}', {"Content-Encoding": "gzip"}),
    ],
    ids=["empty", "html", "half", "no text", "too deep", "too long", "broken off", "called gzip"],
)
def test_a_success_stays_one_when_its_text_cannot_be_read(receiver: Receiver, reply: Reply) -> None:
    receiver.replies.append(reply)
    answer = client(receiver, longest=2000 if len(reply.body) < 50_000 else 1_000_000).call(
        "POST", receiver.url, vendor="Shop", body={}
    )
    assert answer.status == 200
    assert answer.body is None or answer.body == {"id": 1}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    found = failure(receiver, Reply(status, headers={"Location": f"{receiver.url}/elsewhere"}))
    assert found.permanent
    assert len(receiver.received) == 1


def test_cookies_are_not_kept(receiver: Receiver) -> None:
    receiver.replies.append(Reply(headers={"Set-Cookie": "a=1"}))
    caller = client(receiver)
    caller.call("GET", receiver.url, vendor="Shop")
    caller.call("GET", receiver.url, vendor="Shop")
    assert "Cookie" not in receiver.received[1].headers


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert client(receiver).call("GET", receiver.url, vendor="Shop").status == 200


@pytest.mark.parametrize("url", ["ftp://shop.example/", "shop.example", "http://[::1/"])
def test_an_address_that_is_none_is_refused_for_good(url: str) -> None:
    with pytest.raises(ChannelError) as found:
        HttpClient().call("GET", url, vendor="Shop")
    assert found.value.permanent


@pytest.mark.parametrize("bad", [f"{SECRET}\nX-Other: 1", f"{SECRET} ключ", f"{SECRET}\x00"])
def test_keys_that_cannot_be_sent_are_not_shown(receiver: Receiver, bad: str) -> None:
    with pytest.raises(ChannelError) as found:
        client(receiver).call("GET", receiver.url, vendor="Shop", headers={"Authorization": bad})
    assert (found.value.permanent, found.value.broken) == (True, True)
    assert receiver.received == []
    assert_unseen(found.value)


@pytest.mark.parametrize("reply", [Reply(401), Reply(500, SECRET.encode()), Reply(hang=True)])
def test_keys_appear_in_no_reason_and_no_log(
    receiver: Receiver, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.replies.append(reply)
    with pytest.raises(ChannelError) as found:
        client(receiver, timeout=0.2).call("GET", f"{receiver.url}/x", vendor="Shop", headers={"Authorization": SECRET})
    assert_unseen(found.value)
    assert SECRET not in caplog.text


def assert_unseen(error: ChannelError) -> None:
    assert error.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(error)) + error.reason
