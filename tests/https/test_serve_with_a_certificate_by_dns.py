"""`homeport serve` where the router lets neither port in: a certificate by the domain's records, and another port."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from homeport.core.config import Config, ConfigError, load
from homeport.https import attempts, certificates, providers
from homeport.learn.labs_names import KEY_SECRET
from tests.https.asking import OWN_SERVER
from tests.https.blog import eventually, serving
from tests.https.lab import DOMAIN, INTERNET, Lab, lab
from tests.patience import PATIENCE

BY_DNS: dict[str, Any] = {name: value for name, value in OWN_SERVER.items() if name != "domain"}
WRONG_KEY = f"server={INTERNET} key_name=nobody key_secret={KEY_SECRET}"


@pytest.fixture
def it() -> Iterator[Lab]:
    with lab() as it:
        it.router.dropped = (80, 443)
        it.router.forwarded = (8443,)
        it.router.apply()
        yield it


def settings(data: Path) -> Config:
    """What tells where the edge keeps its files."""
    return Config(data=data, domain=DOMAIN, https_method="dns")


def last(data: Path) -> attempts.Attempt:
    found = attempts.last(settings(data))
    assert found is not None
    return found


def test_both_ports_are_blocked_and_the_blog_is_on_https_at_another_one(it: Lab) -> None:
    with serving(it, "--https-port", "8443", **BY_DNS) as blog:
        answer = blog.wait_for_https(f"{DOMAIN}:8443")
        assert f'href="https://{DOMAIN}:8443' in answer.body
        assert last(blog.data).succeeded
        held = certificates.current(settings(blog.data))
        assert held is not None
        assert last(blog.data).next_at == held.ends - (held.ends - held.begins) / 3
        assert KEY_SECRET not in blog.said()
        assert not [
            path for path in blog.data.rglob("*") if path.is_file() and KEY_SECRET.encode() in path.read_bytes()
        ]


def test_a_wrong_key_is_told_and_tried_again_later_and_a_right_one_at_once(it: Lab) -> None:
    wrong = {**BY_DNS, "https_dns_credentials": WRONG_KEY}
    with serving(it, "--https-port", "8443", **wrong) as blog:
        eventually(lambda: attempts.last(settings(blog.data)), "a try")
        first = last(blog.data)
        assert not first.succeeded
        assert first.error == f"The name server {INTERNET} does not know the key nobody: look at key_name."
        assert waits(first) == 60
        data = blog.data
    with serving(it, "--https-port", "8443", **wrong) as blog:  # nothing has changed: no reason to come earlier
        blog.wait_until_said("worker is ready")
        assert last(data) == first
    with serving(it, "--https-port", "8443", **BY_DNS) as blog:
        blog.wait_for_https(f"{DOMAIN}:8443")
        assert last(data).succeeded


def waits(attempt: attempts.Attempt) -> float:
    """Seconds until the next try."""
    assert isinstance(attempt.next_at, datetime)
    return (attempt.next_at - attempt.at).total_seconds()


@pytest.mark.parametrize(
    ("provider", "credentials", "sentence"),
    [
        ("", "", "https_dns_provider is missing: with https_method = dns it names who keeps the domain's records"),
        (
            "cloudfare",
            "auth_token=x1y2",
            "https_dns_provider 'cloudfare' is none that is known: did you mean cloudflare?",
        ),
        ("ddns", "auth_token=x1y2", "https_dns_provider 'ddns' is none that is known: "),
        ("cloudflare", "", "everything is missing for cloudflare, which takes auth_username (specify email address"),
        (
            "cloudflare",
            "token=x1y2",
            "one of the names is none that cloudflare takes, or has no value; write name=value of these: auth_use",
        ),
        (
            "powerdns",
            "auth_token=x1y2",
            "powerdns can't work with these (PowerDNS API endpoint not defined (pdns_server))",
        ),
        ("desec", "eDF5Mg-x1y2==", "one of the names is none that desec takes, or has no value"),  # a token alone
        ("rfc2136", "server=127.0.0.1", "key_name, key_secret is missing for rfc2136, which takes server (its address"),
        ("rfc2136", "server=127.0.0.1 key_name=a key_secret=x1y2z", "rfc2136 needs a key_secret in Base64"),
        ("rfc2136", "server=127.0.0.1 key_name=a..b key_secret=x1y2", "rfc2136 needs a key_name that is written as a"),
        ("rfc2136", "server=127.0.0.1 key_name=a key_secret=x1y2 port=dns", "rfc2136 needs a port from 1 to 65535"),
        ("rfc2136", "server=127.0.0.1 key_name=a key_secret=x1y2 key_algorithm=rot13", "needs a key_algorithm out of"),
    ],
)
def test_credentials_that_cannot_work(provider: str, credentials: str, sentence: str) -> None:
    told = {"https_dns_provider": provider, "https_dns_credentials": credentials}
    config = load(told, {"HOMEPORT_DOMAIN": DOMAIN, "HOMEPORT_HTTPS_METHOD": "dns"})
    with pytest.raises(ConfigError) as refused:
        providers.records(config)
    assert sentence in refused.value.message
    assert "x1y2" not in refused.value.message


def test_settings_that_cannot_work_end_the_start(it: Lab) -> None:
    with serving(it, ready=False, **BY_DNS | {"https_dns_credentials": "password=x1y2"}) as blog:
        assert blog.process.wait(PATIENCE) == 2
        said = [line for line in blog.said().splitlines() if line.startswith("homeport: ")]
        wanted = "homeport: https_dns_credentials: one of the names is none that rfc2136 takes, or has no value; "
        assert said[0].startswith(wanted + "write name=value of these: server (its address or name);")
        assert "The HTTPS edge could not start; the line above says why." in said[1]
        assert "Traceback" not in blog.said()
        assert "x1y2" not in blog.said()
