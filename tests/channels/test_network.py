"""Where calls may go: the guard against addresses inside our own network (and how long they may take)."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from channels.base import ChannelError
from channels.http import HttpClient
from channels.network import AddressRefused, Network, is_public
from tests.vendors.receiver import Receiver

NAME = "vendor.example"
PUBLIC = "203.0.114.7"


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let each look-up of NAME give the next answer; returns the names that were looked up."""
    asked: list[str] = []
    left = list(answers)

    def fake(host: str, port: int, *, type: int) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", fake)
    return asked


def record_connections(monkeypatch: pytest.MonkeyPatch, *refusing: str) -> list[str]:
    """Let no connection leave; returns the addresses that were to be connected to."""
    tried: list[str] = []

    def connect(self: object, host: str, *rest: object) -> httpcore.NetworkStream:
        tried.append(host)
        if host in refusing:
            raise httpcore.ConnectError
        return httpcore.MockStream([])

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return tried


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", PUBLIC, "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
        ),
        *("192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.7", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "192.88.99.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1"),
        *("2001:db8::1", "100::1", "2002:7f00:1::", "2001::1", "::127.0.0.1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    ],
)
def test_what_is_not_the_open_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::ffff:127.0.0.1]"]
)
def test_a_call_to_this_machine_never_connects(receiver: Receiver, host: str) -> None:
    port = receiver.port
    with pytest.raises(ChannelError, match="not on the public internet") as failure:
        HttpClient().call("GET", f"http://{host}:{port}/", vendor="Shop")
    assert failure.value.permanent
    assert not failure.value.uncertain
    assert receiver.received == []


@pytest.mark.parametrize(
    "other",
    [
        "http://127.0.0.1:{other}/api",
        "https://127.0.0.1:{port}/api",
        "http://localhost:{port}/api",
        "http://127.0.0.1/",
    ],
)
def test_trust_is_for_one_scheme_host_and_port(receiver: Receiver, other: str) -> None:
    port = receiver.port
    client = HttpClient(trusted=(f"http://127.0.0.1:{port}/api",))
    assert client.call("GET", f"http://127.0.0.1:{port}/elsewhere", vendor="Shop").status == 200
    with pytest.raises(ChannelError, match="not on the public internet"):
        client.call("GET", other.format(port=port, other=port + 1), vendor="Shop")


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve_to(monkeypatch, [PUBLIC], ["127.0.0.1"])
    tried = record_connections(monkeypatch)
    Network(guarded=True, budget=5).connect_tcp(NAME, 443)
    assert (asked, tried) == ([NAME], [PUBLIC])


def test_of_mixed_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1", PUBLIC, "10.0.0.1", "8.8.8.8"])
    tried = record_connections(monkeypatch, PUBLIC)
    Network(guarded=True, budget=5).connect_tcp(NAME, 443)
    assert tried == [PUBLIC, "8.8.8.8"]


def test_a_name_that_leads_only_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["10.0.0.1", "::1"])
    tried = record_connections(monkeypatch)
    with pytest.raises(AddressRefused):
        Network(guarded=True, budget=5).connect_tcp(NAME, 443)
    assert tried == []


@pytest.mark.parametrize("failure", [socket.gaierror("no such name"), UnicodeError("label too long")])
def test_a_name_that_nobody_knows_may_be_tried_again(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ChannelError, match="could not be reached") as found:
        HttpClient().call("POST", f"https://{NAME}/", vendor="Shop", body={})
    assert (found.value.permanent, found.value.uncertain) == (False, False)


def test_no_address_is_tried_once_the_budget_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, [PUBLIC])
    tried = record_connections(monkeypatch)
    with pytest.raises(httpcore.ConnectTimeout):
        Network(guarded=True, budget=0).connect_tcp(NAME, 443)
    assert tried == []


def test_a_server_that_only_drips_is_left_when_the_budget_is_spent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()
        dripping = threading.Thread(target=drip, args=(server, done))
        dripping.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ChannelError) as failure:
            HttpClient(trusted=(url,), timeout=5, budget=0.3).call("POST", url, vendor="Shop", body={})
        done.set()
        dripping.join()
    assert failure.value.uncertain


@pytest.mark.parametrize(
    ("host", "known", "works"), [("localhost", True, True), ("127.0.0.1", True, False), ("localhost", False, False)]
)
def test_a_certificate_must_be_known_and_for_the_name_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, known: bool, works: bool
) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Receiver(certificate) as receiver:
        url = f"https://{host}:{receiver.port}"
        client = HttpClient(trusted=(url,))
        if works:
            assert client.call("GET", url, vendor="Shop").status == 200
        else:
            with pytest.raises(ChannelError, match="could not be reached"):
                client.call("GET", url, vendor="Shop")
    assert len(receiver.received) == works


def make_certificate(folder: Path, name: str) -> Path:
    """Write a certificate for a name, signed by itself, and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


def drip(server: socket.socket, done: threading.Event) -> None:
    caller, _ = server.accept()
    with caller:
        while not done.wait(0.02):
            try:
                caller.sendall(b"X")
            except OSError:
                return
