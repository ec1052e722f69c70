"""Requests that say they were passed on: believed from the configured proxies and from nobody else."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from homeport.accounts.models import Attempt
from homeport.core import net, values
from homeport.core.db import db
from homeport.core.net import TrustedProxies
from tests.cast import Cast

PROXY = "127.0.0.1, 10.0.0.0/8, fd00::/8"
SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "81",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
}


def arrive(peer: str, headers: dict[str, str], trusted: str = PROXY) -> dict[str, str]:
    """What the application is told of a request that came from `peer`."""
    seen: dict[str, str] = {}

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.update({name: str(value) for name, value in environ.items()})
        start_response("200 OK", [])
        return []

    networks = values.networks(trusted)
    Client(TrustedProxies(app, networks)).get("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    return seen


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "::ffff:127.0.0.1", "fd00::1"])
def test_a_configured_proxy_says_who_asks_and_by_which_scheme(peer: str) -> None:
    seen = arrive(peer, {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("203.0.113.9", "https")


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "", "unix:"])
def test_nobody_else_is_believed(peer: str) -> None:
    seen = arrive(peer, SPOOFED)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen["SCRIPT_NAME"]) == (peer, "http", "")
    assert not [value for value in seen.values() if "evil" in value or "203.0.113" in value]


def test_without_a_configured_proxy_not_even_this_machine_is() -> None:
    assert arrive("127.0.0.1", SPOOFED, trusted="")["REMOTE_ADDR"] == "127.0.0.1"


def test_of_a_chain_only_the_part_the_proxy_wrote_counts() -> None:
    seen = arrive("127.0.0.1", {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    assert seen["REMOTE_ADDR"] == "203.0.113.9"


def test_the_host_is_never_taken_from_a_proxys_header() -> None:
    seen = arrive("127.0.0.1", SPOOFED)
    assert (seen["HTTP_HOST"], seen["SERVER_PORT"], seen["SCRIPT_NAME"]) == ("localhost", "80", "")


def test_whoever_makes_up_addresses_is_counted_as_one(app: Flask, everybody: Cast) -> None:
    stacked = Client(TrustedProxies(app.wsgi_app, ()))
    form = {"email": "nobody@example.com", "password": "a wrong password"}
    for number in range(3):
        headers: dict[str, Any] = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"203.0.113.{number}"}
        stacked.post("/login", data={**form, "email": f"nobody{number}@example.com"}, headers=headers)
    with app.app_context():
        subjects = set(db.session.scalars(select(Attempt.subject).where(Attempt.subject.startswith("network"))))
    assert len(subjects) == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:0db8:0001:0002::/64"),
        ("", "unknown"),
        ("made up", "unknown"),
    ],
)
def test_a_home_counts_as_one_network(address: str, network: str) -> None:
    assert net.network_of(address) == network
