"""Mail leaves by a real SMTP server, or waits where it can be seen; each fault of a server ends in a known state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from aiosmtpd.smtp import AuthResult
from flask import Flask
from sqlalchemy import select

from homeport.app import create_app
from homeport.core import mail
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.jobs import jobs, queries, service
from homeport.jobs.models import Mail
from tests.jobs.mailservers import HERE, Certificate, DropsAfterData, Sink, TakesItsTime, raw, running

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Outbox = Callable[..., list[Mail]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blog that waits for a mail server as long as a test may."""
    server_of = mail.server_of

    def impatient_server_of(url: str, own_name: str) -> mail.Server:
        return replace(server_of(url, own_name), seconds_per_answer=0.3, seconds_per_mail=0.6)

    monkeypatch.setattr(mail, "server_of", impatient_server_of)


@contextmanager
def _blog(config: Config, smtp_url: str) -> Iterator[Flask]:
    app = create_app(replace(config, smtp_url=smtp_url, domain="blog.example.com"))
    with app.app_context():
        yield app
        db.session.rollback()
        db.engine.dispose()


def _queue(*recipients: str, **options: Any) -> None:
    for recipient in recipients:
        service.queue_mail(recipient, "Hello", "Line one\n.hidden\n", now=NOON, **options)
    commit()


def _send(at: datetime = NOON) -> dict[str, Mail]:
    """Run the job at a time; the outbox by recipient."""
    with time_machine.travel(at, tick=False):
        jobs.send_mails()
    return {row.to: row for row in db.session.scalars(select(Mail).execution_options(populate_existing=True))}


def test_queued_mail_arrives_as_written_and_its_body_is_forgotten(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        _queue("reader@example.com", html="<p>Hello</p>")
        sent = _send()["reader@example.com"]
        assert (sent.status, sent.text, sent.html, sent.sent_at) == ("sent", "", None, NOON)
        message_id = sent.message_id
    [arrived] = sink.mails
    assert arrived["To"] == "reader@example.com"
    assert arrived["From"] == "homeport@blog.example.com"
    assert arrived["Subject"] == "Hello"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Message-ID"] == message_id
    _, text, html = arrived.walk()
    assert text.get_payload(decode=True) == b"Line one\r\n.hidden\r\n"
    assert html.get_content_type() == "text/html"


def test_many_mails_are_each_sent_once(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        _queue(*(f"reader{number}@example.com" for number in range(20)))
        assert {row.status for row in _send().values()} == {"sent"}
        _send()
    assert len(sink.mails) == len({arrived["Message-ID"] for arrived in sink.mails}) == 20


def test_same_mail_asked_for_twice_is_queued_once(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        _queue("reader@example.com", key="issue 1 to reader 7")
        _queue("reader@example.com", key="issue 1 to reader 7")
        _send()
    assert len(sink.mails) == 1


def test_temporary_no_is_tried_again_later_and_later_and_the_others_go_out(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        sink.answers["grey@example.com"] = "451 come back later"
        _queue("grey@example.com", "reader@example.com")
        rows = _send()
        assert rows["reader@example.com"].status == "sent"
        grey = rows["grey@example.com"]
        assert (grey.status, grey.attempts) == ("queued", 1)
        assert grey.last_error == "the mail server said 451 come back later"
        waits = []
        for attempt in range(2, 14):
            waits.append(grey.next_attempt_at)
            grey = _send(grey.next_attempt_at)["grey@example.com"]
            assert grey.attempts == attempt
        gaps = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(waits)]
        assert all(0.8 * expected <= gap <= 1.2 * expected for gap, expected in zip(gaps, (2, 4, 8, 16), strict=False))
        assert max(gaps) <= 1.2 * jobs.LONGEST_WAIT_MINUTES
        sink.answers.clear()
        assert _send(grey.next_attempt_at)["grey@example.com"].status == "sent"


def test_temporary_no_for_five_days_is_given_up(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        sink.answers["grey@example.com"] = "451 come back later"
        _queue("grey@example.com")
        given_up = _send(NOON + timedelta(days=5, minutes=1))["grey@example.com"]
        assert given_up.status == "failed"
        assert given_up.last_error == "Given up after five days: the mail server said 451 come back later"


def test_final_no_fails_with_the_servers_reason_and_the_others_go_out(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        sink.answers["gone@example.com"] = "550 no such person"
        _queue("gone@example.com", "reader@example.com")
        rows = _send()
        assert (rows["gone@example.com"].status, rows["reader@example.com"].status) == ("failed", "sent")
        assert rows["gone@example.com"].last_error == "the mail server said 550 no such person"
        assert _send(NOON + timedelta(days=1))["gone@example.com"].attempts == 1


def test_connection_lost_after_the_whole_mail_is_unknown_and_not_sent_again(config: Config) -> None:
    with running(DropsAfterData()) as server, _blog(config, server.url):
        _queue("reader@example.com")
        lost = _send()["reader@example.com"]
        assert lost.status == "unknown"
        _send(NOON + timedelta(days=1))
        assert len(server.mails) == 1
        service.retry_mail(lost, NOON)  # a person decides
        commit()
        _send()
        assert len(server.mails) == 2
        assert len({arrived["Message-ID"] for arrived in server.mails}) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("greeting", "drip"),
    [(b"", False), (b"220-", True), (b"554 go away\r\n", False)],
    ids=["hangs", "drips", "refuses"],
)
def test_server_in_trouble_is_tried_again_with_one_mail_at_a_time(config: Config, greeting: bytes, drip: bool) -> None:
    with raw(greeting, drip=drip) as url, _blog(config, url):
        _queue("one@example.com", "two@example.com")
        rows = _send()
        assert {row.status for row in rows.values()} == {"queued"}
        assert sorted(row.attempts for row in rows.values()) == [0, 1]
        assert "mail server" in (rows["one@example.com"].last_error or "")


def test_server_that_is_down_is_tried_again(config: Config) -> None:
    with running(Sink()) as server:
        url = server.url
    with _blog(config, url):
        _queue("reader@example.com")
        waiting = _send()["reader@example.com"]
        assert (waiting.status, waiting.attempts) == ("queued", 1)
        assert "refused" in (waiting.last_error or "")


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_goes_encrypted_and_only_to_a_server_with_a_certificate(
    config: Config, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, scheme: str, trusted: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path) if trusted else "/dev/null")
    tls: dict[str, Any] = {"require_starttls": True, "tls_context": certificate.context}
    server_tls = tls if scheme == "smtp" else {"ssl_context": certificate.context}
    with running(Sink(), host=HERE, **server_tls) as server, _blog(config, server.url.replace("smtp:", f"{scheme}:")):
        _queue("reader@example.com")
        tried = _send()["reader@example.com"]
        assert (tried.status, len(server.mails)) == (("sent", 1) if trusted else ("queued", 0))
        assert trusted or "certificate" in (tried.last_error or "").lower()


def test_password_is_not_sent_where_others_can_read_it(config: Config) -> None:
    plain = running(Sink(), host=HERE, auth_require_tls=False)
    with plain as server, _blog(config, server.url.replace("//", "//olga:secret@")):
        _queue("reader@example.com")
        waiting = _send()["reader@example.com"]
        assert (waiting.status, len(server.mails)) == ("queued", 0)
        assert "no encryption" in (waiting.last_error or "")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the server is on this machine, where TLS is not asked for
def test_wrong_password_keeps_the_mail_here(config: Config) -> None:
    refuse = AuthResult(success=False, handled=False)
    options: dict[str, Any] = {"auth_require_tls": False, "auth_required": True, "authenticator": lambda *_: refuse}
    with running(Sink(), **options) as server, _blog(config, server.url.replace("//", "//olga:wrong@")):
        _queue("reader@example.com")
        waiting = _send()["reader@example.com"]
        assert (waiting.status, len(server.mails)) == ("queued", 0)
        assert "wrong" not in (waiting.last_error or "")


def test_without_a_mail_server_mail_waits_and_is_sent_when_there_is_one(config: Config, sink: Sink) -> None:
    with _blog(config, ""):
        _queue("reader@example.com")
        assert _send(NOON + timedelta(days=2))["reader@example.com"].status == "queued"
        assert queries.count_sendable(NOON + timedelta(days=2)) == 0
    with _blog(config, sink.url):
        assert queries.count_sendable(NOON) == 1
        assert _send()["reader@example.com"].status == "sent"


@pytest.mark.parametrize("with_server", [True, False])
def test_expired_mail_is_never_sent_and_loses_its_link(config: Config, sink: Sink, with_server: bool) -> None:
    with _blog(config, sink.url if with_server else ""):
        _queue("reader@example.com", expires_at=NOON + timedelta(hours=1))
        assert queries.count_sendable(NOON + timedelta(hours=1)) == 1
        expired = _send(NOON + timedelta(hours=1))["reader@example.com"]
        assert (expired.status, expired.text) == ("failed", "")
        assert queries.count_sendable(NOON + timedelta(hours=2)) == 0
        with pytest.raises(Problem, match="can't be sent again"):
            service.retry_mail(expired, NOON)
    assert sink.mails == []


def test_mail_a_dead_worker_held_is_unknown_when_its_lease_ends(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        _queue("reader@example.com")
        assert jobs.claim(NOON) is not None
        assert jobs.claim(NOON) is None
        assert _send(NOON + jobs.LEASE - timedelta(seconds=1))["reader@example.com"].status == "sending"
        assert _send(NOON + jobs.LEASE)["reader@example.com"].status == "unknown"
    assert sink.mails == []


def test_worker_whose_lease_ended_says_nothing_about_what_another_one_sends(config: Config) -> None:
    def sent_again() -> None:
        later = NOON + jobs.LEASE
        with app.app_context():
            jobs.settle(later)
            service.retry_mail(db.session.scalars(select(Mail)).one(), later)
            commit()
            assert jobs.claim(later) is not None

    with running(TakesItsTime(sent_again)) as server, _blog(config, server.url) as app:
        _queue("reader@example.com")
        held = _send()["reader@example.com"]
        assert (held.status, held.attempts) == ("sending", 2)


def test_mail_of_a_transaction_that_failed_is_not_sent(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        service.queue_mail("reader@example.com", "Hello", "text", now=NOON)
        db.session.rollback()
        assert _send() == {}
    assert sink.mails == []


def test_sent_mails_are_forgotten_after_a_month_and_failed_ones_are_not(config: Config, sink: Sink) -> None:
    with _blog(config, sink.url):
        sink.answers["gone@example.com"] = "550 no such person"
        _queue("gone@example.com", "reader@example.com", expires_at=NOON + timedelta(hours=1))
        assert _send()["gone@example.com"].text
        jobs.clean_mails(NOON + timedelta(days=31))
        [kept] = _send(NOON + timedelta(days=31)).values()
        assert (kept.to, kept.status, kept.text) == ("gone@example.com", "failed", "")
