"""A certificate by DNS is due when a third of its time is left, and after a failure only when the wait is over."""

import json
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.https import attempts, caddy, certificates, renewals
from homeport.https.edge import Sockets
from tests.https.authority import make_certificate

DOMAIN = "blog.example.com"
DAY = timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "caddy").mkdir()
    told = (("auth_token", "a secret"),)
    return Config(
        data=tmp_path,
        domain=DOMAIN,
        https_method="dns",
        https_dns_provider="desec",
        https_dns_credentials=told,
    )


def hold(config: Config, name: str = DOMAIN, *, lasts: timedelta = 90 * DAY) -> datetime:
    """Give the blog a certificate; returns when a third of its time is left."""
    made = config.data / "made"
    made.mkdir(exist_ok=True)
    make_certificate(made, [name], begins=timedelta(0), lasts=lasts)
    chain = (made / "certificate.pem").read_bytes()
    renewals.keep(config, (made / "key.pem").read_bytes(), chain)
    return certificates.describe(load_pem_x509_certificate(chain)).ends - lasts / 3


def waits(config: Config, *, tries: int) -> list[timedelta]:
    """How long each of some failures, one after the other, has to wait for the next."""
    found, moment = [], now()
    for _ in range(tries):
        renewals.note(config, moment, "It failed.")
        last = attempts.last(config)
        assert last is not None
        assert last.next_at is not None
        found.append(last.next_at - last.at)
        moment = last.next_at
    return found


def test_a_blog_without_one_is_due_at_once_and_only_with_the_method_dns(config: Config) -> None:
    assert renewals.due(config, now())
    for other in ("auto", "internal", "files", "off"):
        assert not renewals.due(replace(config, https_method=other), now())
    assert not renewals.due(replace(config, domain=""), now())


def test_it_is_due_when_a_third_is_left(config: Config) -> None:
    third = hold(config)
    assert not renewals.due(config, third - DAY)
    assert renewals.due(config, third)


def test_it_is_due_for_another_name_or_without_its_key(config: Config) -> None:
    hold(config, "other.example.com")
    assert renewals.due(config, now())
    hold(config)
    assert not renewals.due(config, now())
    certificates.place(config).with_suffix(".key").unlink()
    assert renewals.due(config, now())


def test_failures_wait_longer_each_time_and_five_fall_into_the_first_hour(config: Config) -> None:
    minutes = [wait.total_seconds() / 60 for wait in waits(config, tries=9)]
    assert minutes == [1, 4, 15, 30, 60, 120, 240, 360, 360]


@pytest.mark.parametrize(("lasts", "longest"), [(60, 10), (86400, 864), (90 * 86400, 6 * 3600)])
def test_what_ends_sooner_is_tried_again_sooner(config: Config, lasts: int, longest: int) -> None:
    hold(config, lasts=timedelta(seconds=lasts))
    assert waits(config, tries=9)[-1] == timedelta(seconds=longest)


def test_a_failure_is_remembered_until_the_settings_change(config: Config) -> None:
    renewals.begin(config)
    renewals.note(config, now(), "It failed.")
    assert not renewals.due(config, now())
    assert renewals.due(config, now() + timedelta(minutes=1))
    assert renewals.due(replace(config, https_dns_credentials=(("auth_token", "another"),)), now())
    written = b"".join(path.read_bytes() for path in config.caddy_folder.iterdir())
    assert b"secret" not in written


def test_a_next_time_that_a_wrong_clock_wrote_holds_nothing_up(config: Config) -> None:
    renewals.note(config, now() + 365 * DAY, "It failed.")
    assert renewals.due(config, now())


def test_a_success_says_when_the_next_is_due_and_begins_the_waits_anew(config: Config) -> None:
    waits(config, tries=4)
    third = hold(config)
    renewals.note(config, now())
    last = attempts.last(config)
    assert last is not None
    assert (last.succeeded, last.error, last.next_at) == (True, "", third)
    assert waits(config, tries=1) == [timedelta(minutes=1)]


def test_a_damaged_record_is_no_record(config: Config) -> None:
    (config.caddy_folder / attempts.FILE).write_text(json.dumps({"at": "yesterday"}))
    assert attempts.last(config) is None
    assert renewals.due(config, now())


def test_a_process_without_certificates_by_dns_does_not_carry_what_they_need(tmp_path: Path) -> None:
    look = (
        "import sys; from pathlib import Path; from homeport.app import create_app;"
        "from homeport.core.config import Config;"
        f"from homeport.https.jobs import count_due; app = create_app(Config(data=Path({str(tmp_path)!r})));\n"
        "with app.app_context(): count_due(None)\n"
        "print({'acme', 'lexicon', 'dns', 'josepy', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_half_a_pair_is_dropped_before_the_edge_begins(config: Config) -> None:
    hold(config)
    certificates.place(config).with_suffix(".key").write_bytes(b"of another certificate")
    with socket.create_server(("127.0.0.1", 0)) as https, socket.create_server(("127.0.0.1", 0)) as local:
        caddy.prepare(config, Sockets(https.fileno(), local.fileno()))
    assert not certificates.place(config).exists()
    assert renewals.due(config, now())
