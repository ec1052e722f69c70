"""Somebody reads the log at its loudest, or the data directory: what the domain's provider is shown stands nowhere."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from homeport.core.config import Config
from homeport.https import attempts
from homeport.learn.labs_names import KEY_NAME, KEY_SECRET
from tests.https.blog import eventually, serving
from tests.https.lab import DOMAIN, INTERNET, OUTSIDE, Lab, lab
from tests.https.powerdns import TOKEN, PowerDNS

Kept = Callable[[Lab, str], dict[str, Any]]
WRONG_TOKEN = "seven+black/herons="
WRONG_SECRET = "d2V2ZW4gZ3JleSBoZXJvbnMgZmlzaGluZw=="


@pytest.fixture
def it() -> Iterator[Lab]:
    with lab() as it:
        it.router.forwarded = (8443,)
        it.router.apply()
        yield it


def by_program(it: Lab, secret: str) -> dict[str, Any]:
    """The settings of a domain whose provider has an interface for programs."""
    it.names.stop()
    provider = PowerDNS(it.internet, it.folder / "powerdns", INTERNET)
    provider.start()
    provider.serve("example.com", {DOMAIN: OUTSIDE})
    provider.serve("example.net", {"ca.example.net": INTERNET})
    return {
        "https_dns_provider": "powerdns",
        "https_dns_credentials": f"pdns_server={provider.url} auth_token={secret}",
    }


def by_key(_it: Lab, secret: str) -> dict[str, Any]:
    """The settings of a domain that is kept on one's own name server."""
    told = f"server={INTERNET} key_name={KEY_NAME} key_secret={secret}"
    return {"https_dns_provider": "rfc2136", "https_dns_credentials": told}


def forms(secret: str) -> list[bytes]:
    """How a secret may stand somewhere."""
    raw = secret.encode()
    return [raw, quote(secret, safe="").encode(), base64.b64encode(raw)]


def written(data: Path) -> Iterator[bytes]:
    """Every file of the blog: logs, notes of tries, and the database of jobs with what they said."""
    for path in data.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


@pytest.mark.parametrize(
    ("kept", "secret", "works", "form"),
    [
        (by_program, TOKEN, True, "text"),
        (by_program, WRONG_TOKEN, False, "json"),
        (by_key, KEY_SECRET, True, "json"),
        (by_key, WRONG_SECRET, False, "text"),
    ],
)
def test_credentials_right_and_wrong_are_written_nowhere(
    it: Lab, kept: Kept, secret: str, works: bool, form: str
) -> None:
    told = kept(it, secret)
    with serving(it, "--https-port", "8443", https_method="dns", log_level="debug", log_format=form, **told) as blog:
        settings = Config(data=blog.data, domain=DOMAIN, https_method="dns")
        eventually(lambda: attempts.last(settings), "a try")
        tried = attempts.last(settings)
        assert tried is not None
        assert tried.succeeded == works, tried.error
        if works:
            blog.wait_for_https(f"{DOMAIN}:8443")
        blog.stop()
        assert "DEBUG" in blog.said(), "it was said as loudly as can be"
        everything = [blog.said().encode(), *written(blog.data)]
    assert len(everything) > 5
    assert not [content for content in everything for each in forms(secret) if each in content]
