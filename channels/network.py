"""How calls leave the house: to public addresses only, each within a total time."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable

import httpcore

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "fec0::/10")))


class AddressRefused(Exception):
    """A name that leads to no public address."""


def is_public(address: str) -> bool:
    """Tell whether an IPv4 or IPv6 address belongs to the open internet.

    IPv4 inside IPv6 (v4-mapped, NAT64) is judged by the address inside. Private, loopback, link-local, multicast,
    reserved and retired ranges are not public. Raises `ValueError` where `address` is none.
    """
    ip = _inner(ipaddress.ip_address(address))
    if ip.is_multicast or ip.is_reserved or any(ip in network for network in _NEVER):
        return False
    return ip.is_global


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip


class Network(httpcore.SyncBackend):
    """Opens connections for the HTTP client.

    A name is resolved here and the connection goes to the very address that was checked, so that a name which
    changes its mind between check and connection (DNS rebinding) gains nothing.

    Args:
        guarded: refuse addresses that are not public.
        budget: seconds that one connection may live, from its first packet to the end of the answer.
    """

    def __init__(self, *, guarded: bool, budget: float) -> None:
        self._guarded = guarded
        self._budget = budget

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of `host` that answers. Raises `AddressRefused`, `httpcore.ConnectError`."""
        deadline = Deadline(self._budget)
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses(host, port):
            try:
                left = deadline.left(timeout, httpcore.ConnectTimeout)
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream, deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name could not be resolved") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [address for address in addresses if is_public(address)] if self._guarded else addresses
        if not allowed:
            raise AddressRefused
        return allowed


class Deadline:
    """The moment at which patience with one call ends."""

    def __init__(self, budget: float) -> None:
        self._ends = time.monotonic() + budget

    def left(self, timeout: float | None, expired: type[httpcore.TimeoutException]) -> float:
        """Return the seconds that the next step may take. Raises `expired` when none are left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise expired("the call took too long")
        return left if timeout is None else min(left, timeout)


class TimedStream(httpcore.NetworkStream):
    """A connection that ends at its deadline, however slowly the other side keeps dripping bytes."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes."""
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of `buffer`."""
        self._stream.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS for the name that was asked for, not for the address it resolved to."""
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        """Pass on what the connection knows about itself."""
        return self._stream.get_extra_info(info)
