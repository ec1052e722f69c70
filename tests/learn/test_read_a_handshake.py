"""What passes when two shake hands by TLS is read piece by piece: from real ends, and from whatever bytes there are."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.learn import labs_certificates
from homeport.learn.tls_meeting import Meeting, meet
from homeport.learn.tls_opened import expand_label
from homeport.learn.tls_peers import AtHome, made_up
from homeport.learn.tls_reader import records
from homeport.learn.tls_story import Flight, Step, story
from tests.patience import PATIENCE
from tests.serving.running import free_port

NAME = "blog.example.org"
REQUEST = b"GET / HTTP/1.1\r\nHost: blog.example.org\r\nCookie: made-up=planted-in-the-request\r\n\r\n"


@pytest.fixture(scope="module")
def meeting() -> Meeting:
    """A handshake in memory, and a request."""
    with made_up(NAME) as peers:
        return meet(NAME, peers, REQUEST)


def named(steps: list[Step], name: str) -> Step:
    """The first step of a name."""
    return next(step for step in steps if step.name == name)


def value(step: Step, part: str) -> str:
    """What a part of a step says."""
    return next(found.value for found in step.parts if found.name == part)


def test_every_message_is_named_in_the_order_of_the_standard(meeting: Meeting) -> None:
    said = [(step.by, step.name) for step in story(meeting.flights, meeting.secrets)]
    assert [step for step in said if step[1] != "ChangeCipherSpec"][:9] == [
        ("client", "ClientHello"),
        ("server", "ServerHello"),
        ("server", "EncryptedExtensions"),
        ("server", "Certificate"),
        ("server", "CertificateVerify"),
        ("server", "Finished"),
        ("client", "Finished"),
        ("client", "Application data"),
        ("server", "NewSessionTicket"),
    ]
    assert all(not step.trouble for step in story(meeting.flights, meeting.secrets))


def test_the_hellos_say_what_python_says_came_of_them(meeting: Meeting) -> None:
    steps = story(meeting.flights, meeting.secrets)
    asked, answered = named(steps, "ClientHello"), named(steps, "ServerHello")
    assert value(asked, "server_name") == NAME
    assert value(asked, "supported_versions") == "TLS 1.3, TLS 1.2"
    assert value(asked, "application_layer_protocol_negotiation") == "http/1.1"
    assert value(answered, "cipher_suite") == meeting.cipher
    assert value(answered, "cipher_suite") in value(asked, "cipher_suites")
    assert value(answered, "supported_versions").replace(" ", "v") == meeting.version
    assert value(answered, "key_share") == value(asked, "key_share") == "x25519, 32 bytes"


def test_each_byte_on_the_way_is_shown_once(meeting: Meeting) -> None:
    steps = story(meeting.flights, meeting.secrets)
    assert b"".join(step.on_the_way for step in steps) == b"".join(flight.data for flight in meeting.flights)


def test_who_only_listens_reads_the_hellos_and_nothing_after_them(meeting: Meeting) -> None:
    steps = story(meeting.flights, {})
    assert {step.name for step in steps if step.is_readable} == {"ClientHello", "ServerHello", "ChangeCipherSpec"}
    assert {step.name for step in steps if not step.is_readable} == {"Encrypted"}
    assert not any(step.text or step.parts for step in steps if not step.is_readable)
    on_the_way = b"".join(flight.data for flight in meeting.flights)
    assert NAME.encode() in on_the_way
    assert b"planted-in-the-request" not in on_the_way


def test_this_end_reads_the_certificates_and_the_request(meeting: Meeting) -> None:
    steps = story(meeting.flights, meeting.secrets)
    first, second = named(steps, "Certificate").parts
    said = {part.name: part.value for part in first.parts}
    assert said["names"] == NAME
    assert said["issuer"] == {part.name: part.value for part in second.parts}["subject"]
    assert REQUEST.decode() in [step.text for step in steps]


def test_an_unknown_authority_is_refused_as_a_browser_does(meeting: Meeting) -> None:
    assert "self-signed certificate in certificate chain" in meeting.refusal


def test_an_older_version_shows_the_certificate_to_everybody(tmp_path: Path) -> None:
    authority = labs_certificates.authority("An old one")
    with openssl(labs_certificates.issue(authority, NAME, tmp_path), "-tls1_2", "-www") as port:
        meeting = meet(NAME, lambda: AtHome(port), REQUEST)
    steps = story(meeting.flights, {})
    assert meeting.version == "TLSv1.2"
    assert value(named(steps, "ServerHello"), "cipher_suite").startswith("TLS_ECDHE_ECDSA_WITH_")
    assert not any(part.name == "supported_versions" for part in named(steps, "ServerHello").parts)
    assert named(steps, "Certificate").is_readable
    assert not any(step.text or step.trouble for step in steps)
    assert b"planted" not in b"".join(flight.data for flight in meeting.flights)


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
def test_each_cipher_of_an_openssl_server_is_opened(tmp_path: Path, suite: str) -> None:
    certificate = labs_certificates.issue(labs_certificates.authority("Another"), NAME, tmp_path)
    with openssl(certificate, "-tls1_3", "-ciphersuites", suite, "-www") as port:
        meeting = meet(NAME, lambda: AtHome(port), b"GET / HTTP/1.0\r\n\r\n")
    steps = story(meeting.flights, meeting.secrets)
    assert meeting.cipher == value(named(steps, "ServerHello"), "cipher_suite") == suite
    assert named(steps, "Application data").text == "GET / HTTP/1.0\r\n\r\n"
    assert any(step.text.startswith("HTTP/1.0 200") for step in steps)


class openssl:  # noqa: N801 (used as a function)
    """An `openssl s_server` with a certificate; the port where it answers."""

    def __init__(self, certificate: Path, *options: str) -> None:
        self._port = free_port()
        files = ["-cert", str(certificate), "-key", str(certificate)]
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{self._port}", *files, "-quiet", *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def __enter__(self) -> int:
        for _ in range(int(PATIENCE * 20)):
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE).close()
            except ConnectionRefusedError:
                assert self._process.poll() is None
                time.sleep(0.05)
            else:
                return self._port
        raise AssertionError("openssl does not answer")

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def test_openssl_says_hello_in_the_same_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        command = ["openssl", "s_client", "-connect", address, "-servername", NAME, "-groups", "X25519:P-256"]
        with subprocess.Popen(
            [*command, "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-tls1_3", "-alpn", "h2,http/1.1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as client:
            connection, _ = listener.accept()
            with connection:
                heard = connection.recv(65536)
            client.kill()
    (step,) = story([Flight("client", heard)], {})
    assert value(step, "server_name") == NAME
    assert value(step, "cipher_suites") == "TLS_CHACHA20_POLY1305_SHA256, TLS_EMPTY_RENEGOTIATION_INFO_SCSV"
    assert value(step, "supported_groups") == "x25519, secp256r1"
    assert value(step, "application_layer_protocol_negotiation") == "h2, http/1.1"
    assert value(step, "supported_versions") == "TLS 1.3"


def test_keys_come_out_as_in_the_standards_own_example() -> None:
    # RFC 8448, 3: "{server} derive write traffic keys for handshake data"
    secret = bytes.fromhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    assert expand_label(SHA256(), secret, "key", 16).hex() == "3fce516009c21727d0f2e4e86ee403bc"
    assert expand_label(SHA256(), secret, "iv", 12).hex() == "5d313eb2671276ee13000b30"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GET / HTTP/1.1\r\n", "The byte 71 begins no TLS record"),
        (b"\x16\x03\x01\x00\x05\x01", "5 are announced, and 1 are there"),
        (b"\x16\x03", "The bytes end within the header of a record"),
        (b"\x16\x05\x01\x00\x00", "The version 5.1 belongs to no TLS"),
        (b"\x16\x03\x03\xff\xff", "longer than TLS allows"),
    ],
)
def test_what_is_not_tls_gets_a_clear_answer(data: bytes, said: str) -> None:
    assert said in records(data)[1]
    assert said in story([Flight("server", data)], {})[-1].trouble


@given(data=st.binary(max_size=300), is_framed=st.booleans(), kind=st.sampled_from([1, 2, 4, 8, 11, 13, 15, 20]))
def test_any_bytes_end_in_an_answer(data: bytes, *, is_framed: bool, kind: int) -> None:
    if is_framed:
        message = bytes([kind]) + len(data).to_bytes(3) + data
        data = b"\x16\x03\x03" + len(message).to_bytes(2) + message
    steps = story([Flight("client", data), Flight("server", data)], {"SERVER_HANDSHAKE_TRAFFIC_SECRET": data})
    assert b"".join({step.on_the_way: None for step in steps if step.by == "client"}) == data


@settings(deadline=None)  # the first example loads the ciphers
@given(at=st.integers(0, 3000), byte=st.integers(0, 255), cut=st.integers(0, 3000))
def test_a_handshake_with_a_byte_changed_or_its_end_cut_off_is_still_told(
    meeting: Meeting, at: int, byte: int, cut: int
) -> None:
    for number, flight in enumerate(meeting.flights):
        changed = bytearray(flight.data)
        changed[at % len(changed)] = byte
        flights = [*meeting.flights[:number], Flight(flight.by, bytes(changed[: len(changed) - cut % len(changed)]))]
        assert story([*flights, *meeting.flights[number + 1 :]], meeting.secrets)


def test_a_server_that_is_no_tls_server_is_an_error_of_the_network() -> None:
    with silent_server() as port, pytest.raises(ssl.SSLError):
        meet(NAME, lambda: AtHome(port), REQUEST)
    with pytest.raises(OSError, match="refused"):
        meet(NAME, lambda: AtHome(free_port()), REQUEST)


class silent_server:  # noqa: N801 (used as a function)
    """Somebody who says the same to everybody, in clear text; the port."""

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=lambda: list(self._answers()), daemon=True)
        self._thread.start()
        return int(self._listener.getsockname()[1])

    def _answers(self) -> Iterator[None]:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            yield

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE)
        self._listener.close()
