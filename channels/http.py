"""The one HTTP client of all channels. No other module imports httpx."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import httpx

from channels.base import ChannelError
from channels.network import AddressRefused, Network

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "Deskbell",
}
_READS = frozenset({"GET", "HEAD"})
_TRY_LATER = frozenset({408, 425, 429})
# From a gateway that has passed the call on, or may have, and got no answer that it could use: the vendor may have done
# it. A 503 refuses the call, a 500 says that it failed, and after 521, 523, 525 and 526 it never reached the vendor.
_IN_DOUBT = frozenset({502, 504, 520, 522, 524})
_LONGEST_WAIT = 3600.0


@dataclass(frozen=True)
class Answer:
    """What a vendor answered. `body` is the decoded JSON, None where there was none that could be read."""

    status: int
    body: object


@dataclass(frozen=True)
class Exchange:
    """One call as it went over the wire, for those who record it; without the headers that carry our keys.

    `sent` is the body before it became JSON. `status` is 0 where no answer came, `headers` have lower-case names,
    `raw` is what could be read of the answer.
    """

    method: str
    url: str
    sent: Mapping[str, Any] | bytes | None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def body(self) -> object:
        """The decoded JSON of the answer, None where there was none that could be read."""
        return _decoded(self.raw)


class HttpClient:
    """Calls vendors: JSON in and out; no redirects, cookies or proxies; safe to share between threads.

    Each call has a connection of its own: a kept one that the vendor has meanwhile closed would make a send look
    uncertain that never left, and no open connection has to survive a fork.

    Args:
        trusted: base addresses set by the operator, such as "http://127.0.0.1:9000/api"; only these may be private.
            They are compared by scheme, host and port.
        timeout: seconds for each of connecting, writing, reading and waiting for a free connection.
        budget: seconds for the whole call.
        longest: bytes of an answer that are read at most; a longer answer counts as unreadable.
        witness: told of every call that left or tried to, whatever came of it.
    """

    def __init__(
        self,
        *,
        trusted: tuple[str, ...] = (),
        timeout: float = 5.0,
        budget: float = 15.0,
        longest: int = 1_000_000,
        witness: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._trusted = frozenset(_origin(httpx.URL(base)) for base in trusted)
        tls = httpx.create_ssl_context()
        self._guarded = _Transport(tls, Network(guarded=True, budget=budget))
        self._open = _Transport(tls, Network(guarded=False, budget=budget))
        self._timeout = httpx.Timeout(timeout).as_dict()
        self._longest = longest
        self._witness = witness

    def call(
        self,
        method: str,
        url: str,
        *,
        vendor: str,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | bytes | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Make one call.

        Args:
            vendor: the name that people know the other side by, for the reasons of errors.
            headers: sent besides our own; they never appear in a reason.
            body: sent as JSON; bytes are sent as they are, `headers` says what they are.
            accept: statuses outside 2xx that are an answer and no error.

        Raises `ChannelError`: permanent and broken for keys that are refused or cannot even be sent, permanent for what
        another try cannot change, uncertain where the call left the house and may have had its effect, otherwise worth
        another try.
        """
        try:
            response = self._send(method, url, headers, body)
        except AddressRefused:
            failure = ChannelError(f"{vendor}'s address is not on the public internet.", permanent=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            failure = ChannelError(f"{vendor} could not be reached.")
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError):
            failure = ChannelError(
                f"{vendor}'s address or keys cannot be sent as they stand.", permanent=True, broken=True
            )
        except httpx.TransportError:
            failure = ChannelError(f"{vendor} gave no answer.", uncertain=method not in _READS)
        else:
            is_answer = 200 <= response.status_code < 300 or response.status_code in accept
            with contextlib.closing(response):
                raw = self._read(response) if is_answer or self._witness else b""
            self._tell(Exchange(method, url, body, response.status_code, dict(response.headers), raw))
            if is_answer:
                return Answer(response.status_code, _decoded(raw))
            raise _refusal(vendor, method, response)
        self._tell(Exchange(method, url, body))
        # Raised out here so that no chained exception carries headers, and so keys, into a log.
        raise failure

    def _tell(self, exchange: Exchange) -> None:
        if self._witness:
            self._witness(exchange)

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: Mapping[str, Any] | bytes | None
    ) -> httpx.Response:
        request = httpx.Request(
            method,
            url,
            headers={**_HEADERS, **(headers or {})},
            content=body if body is None or isinstance(body, bytes) else json.dumps(body).encode("ascii"),
            extensions={"timeout": self._timeout},
        )
        transport = self._open if _origin(request.url) in self._trusted else self._guarded
        return transport.handle_request(request)

    def _read(self, response: httpx.Response) -> bytes:
        """Return the answer's text as far as it came; nothing of one that is too long."""
        raw = bytearray()
        with contextlib.suppress(httpx.TransportError):
            for chunk in response.iter_raw():
                raw += chunk
                if len(raw) > self._longest:
                    return b""
        return bytes(raw)


class _Transport(httpx.HTTPTransport):
    """httpx's own transport over our own network."""

    def __init__(self, tls: ssl.SSLContext, network: Network) -> None:
        super().__init__(verify=tls)
        self._pool = httpcore.ConnectionPool(
            tls, max_connections=20, max_keepalive_connections=0, network_backend=network
        )


def _decoded(raw: bytes) -> object:
    """Return the decoded JSON; a success stays one even if its text broke off or is no JSON."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _refusal(vendor: str, method: str, response: httpx.Response) -> ChannelError:
    status = response.status_code
    if status in (401, 403):
        return ChannelError(f"{vendor} refused the keys (answer {status}).", permanent=True, broken=True)
    if status in _TRY_LATER or status >= 500:
        return ChannelError(
            f"{vendor} cannot take it at the moment (answer {status}).",
            retry_after=_wait(response.headers.get("Retry-After", "")),
            uncertain=status in _IN_DOUBT and method not in _READS,
        )
    return ChannelError(f"{vendor} did not accept it (answer {status}).", permanent=True)


def _wait(retry_after: str) -> float | None:
    """Return the seconds of a Retry-After header, given as seconds or as a date; None where it is neither."""
    try:
        seconds = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
