"""What came of the last try to get a certificate, as Caddy's log and the job of the method dns tell it."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.https import attempts
from homeport.https.attempts import Attempt, last, note
from tests.https.blog import eventually, serving
from tests.https.lab import DOMAIN, lab

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def blog(config: Config) -> Config:
    """The settings of a blog with a domain, whose edge has a folder."""
    config.caddy_folder.mkdir()
    return replace(config, domain=DOMAIN)


def write(config: Config, *rows: Mapping[str, object]) -> None:
    same = {"logger": "tls.obtain", "identifier": DOMAIN, "ts": NOW.timestamp()}
    lines = [json.dumps({**same, **row}) for row in rows]
    (config.caddy_folder / "log.json").write_text("half a line}\n" + "\n".join(lines) + "\n[]\n")


FAILED = {
    "msg": "could not get certificate from issuer",
    "error": 'HTTP 400 urn:ietf:params:acme:error:connection - Get "http://blog.example.com:80/.well-known/'
    'acme-challenge/zvfUdb1jC31U-9Bc": dial tcp 198.51.100.10:80: connect: connection refused',
}
RETRY = {"msg": "will retry", "retrying_in": 60}


def test_nothing_was_tried_yet(blog: Config) -> None:
    assert last(blog) is None
    assert last(replace(blog, https_method="dns")) is None


def test_failure_is_a_sentence_without_the_token_and_with_the_next_time(blog: Config) -> None:
    write(blog, {"msg": "obtaining certificate"}, FAILED, RETRY)
    error = 'Get "http://blog.example.com:80/.well-known/acme-challenge/…": dial tcp 198.51.100.10:80: connect: '
    assert last(blog) == Attempt(NOW, False, error + "connection refused.", NOW + timedelta(seconds=60))


def test_both_ways_that_failed_are_told(blog: Config) -> None:
    other = {**FAILED, "error": "HTTP 403 urn:ietf:params:acme:error:unauthorized - Failed to connect to 443"}
    write(blog, FAILED, {"msg": "obtaining certificate"}, other, FAILED, RETRY)
    tried = last(blog)
    assert tried is not None
    assert tried.error.startswith("Failed to connect to 443. Get ")


def test_success_comes_after_failures(blog: Config) -> None:
    write(blog, FAILED, RETRY, {"msg": "certificate renewed successfully", "logger": "tls.renew"})
    assert last(blog) == Attempt(NOW, True)


def test_another_name_is_not_ours(blog: Config) -> None:
    write(blog, {**FAILED, "identifier": "other.example.com"})
    assert last(blog) is None


@pytest.mark.parametrize("attempt", [Attempt(NOW, True), Attempt(NOW, False, "It is down.", NOW + timedelta(hours=1))])
def test_the_job_of_the_method_dns_notes_what_it_did(blog: Config, attempt: Attempt) -> None:
    by_dns = replace(blog, https_method="dns")
    note(by_dns, attempt)
    assert last(by_dns) == attempt


def test_with_files_of_somebody_else_nothing_is_tried_here(blog: Config) -> None:
    write(blog, {"msg": "obtaining certificate"}, FAILED, RETRY)
    assert last(replace(blog, https_method="files")) is None


def test_what_failed_by_an_earlier_method_is_not_the_present_ones(blog: Config) -> None:
    attempts.begin(blog)
    write(blog, FAILED | {"ts": now().timestamp() + 1}, RETRY | {"ts": now().timestamp() + 1})
    attempts.begin(blog)  # the next start
    assert last(blog) is not None
    for method in ("files", "auto"):
        attempts.begin(replace(blog, https_method=method))
    later = now() + timedelta(seconds=2)
    os.utime(blog.caddy_folder / attempts.METHOD, (later.timestamp(), later.timestamp()))
    assert last(blog) is None


def test_damaged_note_is_none(blog: Config) -> None:
    (blog.caddy_folder / attempts.FILE).write_text("{")
    assert last(replace(blog, https_method="dns")) is None


def test_closed_ports_are_told_in_the_log_of_the_blog_and_by_the_last_attempt() -> None:
    with lab() as it:
        it.router.refused = (80, 443)
        it.router.apply()
        with serving(it) as blog:
            said = blog.wait_until_said("no certificate yet: ")
            assert "198.51.100.10:443" in said
            assert "198.51.100.10:80" in said
            settings = Config(data=blog.data, domain=DOMAIN)
            eventually(lambda: (tried := last(settings)) and tried.next_at, "the next time")
            assert "acme-challenge/…" in said
