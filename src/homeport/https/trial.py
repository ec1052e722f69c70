"""Which ports reach us from outside: the authority's staging server is asked to try each, and says what it met.

Nothing is signed: an order is made, its challenge tried, and the authorization taken back. Each challenge has an
account of its own, because an authority answers a second order of one account for one name with the first (boulder
does), and the two are tried side by side.
"""

import fcntl
import logging
import os
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
from acme import challenges, client, errors, messages
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from josepy.errors import Error as JoseError
from josepy.json_util import encode_b64jose
from josepy.jwa import ES256
from josepy.jwk import JWK, JWKEC
from requests.adapters import HTTPAdapter

from homeport.core.config import Config
from homeport.https import authority, responders, secret_files
from homeport.https.reasons import Outcome, address_in, classify

log = logging.getLogger(__name__)
WAIT_SECONDS = 60.0
"""How long the authority may take to try: boulder gives a connection 10 seconds and each address of a name its turn."""
PORTS = {"http-01": responders.HTTP_PORT, "tls-alpn-01": responders.HTTPS_PORT}


@dataclass(frozen=True)
class Tried:
    """What came of one try. `words` are the authority's own, `address` is where it went, "" where it does not say;
    `given_up` are the addresses where nobody let it in before that."""

    port: int
    outcome: Outcome
    words: str = ""
    address: str = ""
    by_edge: bool = False
    """It was our edge that had to answer, by its ordinary means."""
    given_up: tuple[str, ...] = ()


@contextmanager
def the_only_one(config: Config) -> Iterator[bool]:
    """Hold the trial for this data directory; yields False while another has it. Where it has no folder of the edge, or
    one that this account may not read, nothing is held."""
    try:
        folder = os.open(config.caddy_folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # not there yet, or another account's
        yield True
        return
    try:  # the folder itself: a file made by root would shut the blog's own account out
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(folder)


def attempt(config: Config, kind: str, *, by_edge: bool) -> Tried:
    """Have one challenge tried. Never raises: what goes wrong on the way is an outcome too."""
    port = PORTS[kind]
    try:
        return _attempt(config, kind, by_edge)
    except messages.Error as error:
        return Tried(port, classify(error.code or "", error.detail or ""), error.detail or "", by_edge=by_edge)
    except (errors.Error, JoseError, requests.RequestException) as error:
        log.info("the authority could not be asked to try a port", extra={"port": port, "why": error})
        return Tried(port, Outcome.UNCLEAR, f"{type(error).__name__}: {error}"[:200])
    except OSError as error:
        return Tried(port, Outcome.NOT_TRIED, error.strerror or str(error))


def _attempt(config: Config, kind: str, by_edge: bool) -> Tried:
    speaker, key = _account(config, kind)
    authorization, told = _authorization(speaker, config.domain)
    challenge = _challenge(told, kind)
    if not challenge:
        return Tried(PORTS[kind], Outcome.NOT_TRIED, f"the authority does not offer {kind}")
    token = str(challenge["token"])
    answer = f"{token}.{encode_b64jose(key.thumbprint())}"  # RFC 8555, 8.1
    try:
        with _responder(config, kind, token, answer, by_edge):
            began = time.monotonic()
            speaker._post(challenge["url"], challenges.KeyAuthorizationChallengeResponse())
            found = _wait(speaker, authorization, kind)
    finally:
        with suppress(errors.Error, requests.RequestException):
            speaker._post(authorization, messages.UpdateAuthorization(status="deactivated"))
    return read(found, PORTS[kind], by_edge, time.monotonic() - began)


def _responder(config: Config, kind: str, token: str, answer: str, by_edge: bool) -> AbstractContextManager[None]:
    if by_edge:
        return responders.through_the_edge(config, kind, token, answer)
    if kind == "http-01":
        return responders.by_http(config.http_port, token, answer)
    return responders.by_tls(config.https_port, config.domain, answer)


def _account(config: Config, kind: str) -> tuple[client.ClientV2, JWK]:
    key = JWKEC(key=_key(config, kind))
    agent = f"Homeport/{version('homeport')} (doctor)"
    speaking = client.ClientNetwork(key, alg=ES256, user_agent=agent, timeout=20)
    speaking.session.mount("https://", _Trusting(authority.trusting(config.https_acme_root)))
    directory = client.ClientV2.get_directory(authority.staging(config), speaking)
    speaker = client.ClientV2(directory, speaking)
    try:
        speaker.new_account(messages.NewRegistration.from_data(terms_of_service_agreed=True))
    except errors.ConflictError as known:
        speaking.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
    return speaker, key


class _Trusting(HTTPAdapter):
    """HTTPS for `requests` by a context of ours: that takes one file of roots, or its own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)


def _key(config: Config, kind: str) -> ec.EllipticCurvePrivateKey:
    """The key of the account that tries this challenge; kept where there is a data directory."""
    path = config.caddy_folder / f"trial-{kind}.pem"
    with suppress(OSError, ValueError):
        known = load_pem_private_key(path.read_bytes(), None)
        if isinstance(known, ec.EllipticCurvePrivateKey):
            return known
    made = ec.generate_private_key(ec.SECP256R1())
    if config.caddy_folder.is_dir():
        _keep(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _keep(path: Path, content: bytes) -> None:
    with suppress(OSError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        secret_files.hand_over(file.fileno(), path.parent)
        file.write(content)


def _authorization(speaker: client.ClientV2, domain: str, again: bool = True) -> tuple[str, dict[str, Any]]:
    """The address of an authorization that is still to be shown, and what the authority tells of it.

    One that is good already is taken back first: nothing would be tried for it.
    """
    identifiers = [messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=domain)]
    order = speaker._post(speaker.directory["newOrder"], messages.NewOrder(identifiers=identifiers)).json()
    address = str(order["authorizations"][0])
    told: dict[str, Any] = speaker._post_as_get(address).json()
    if told["status"] == "valid" and again:
        speaker._post(address, messages.UpdateAuthorization(status="deactivated"))
        return _authorization(speaker, domain, again=False)
    return address, told


def _challenge(told: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((dict(each) for each in told["challenges"] if each["type"] == kind), {})


def _wait(speaker: client.ClientV2, authorization: str, kind: str) -> dict[str, Any]:
    """The challenge, once it was tried, as the authority tells it. Raises errors.TimeoutError."""
    ends, pause = time.monotonic() + WAIT_SECONDS, 0.2
    while time.monotonic() < ends:
        told = speaker._post_as_get(authorization).json()
        challenge = _challenge(told, kind)
        if challenge.get("status") in {"valid", "invalid"} or told["status"] not in {"pending", "processing"}:
            return challenge
        time.sleep(pause)
        pause = min(2.0, pause * 1.5)
    raise errors.TimeoutError


def read(challenge: dict[str, Any], port: int, by_edge: bool, seconds: float) -> Tried:
    """What a challenge (RFC 8555, 8) that took so long says of the port.

    Boulder tries a name's IPv6 address first, then IPv4, and a record lists what it gave up (core.ValidationRecord).
    """
    records = challenge.get("validationRecord") or [{}]
    error = challenge.get("error") or {}
    kind, words = str(error.get("type", "")).rpartition(":")[2], str(error.get("detail", ""))
    address = str(records[-1].get("addressUsed") or address_in(words))
    given_up = tuple(str(each) for record in records for each in record.get("addressesTried") or ())
    reached = challenge.get("status") == "valid"
    outcome = Outcome.REACHED if reached else classify(kind, words, seconds)
    return Tried(port, outcome, words, address, by_edge, given_up)
