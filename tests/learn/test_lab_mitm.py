"""Somebody sits between a person and the blog: reads everything over HTTP, and nothing that helps over HTTPS."""

from collections.abc import Iterator

import pytest

from homeport.learn import labs_mitm
from homeport.learn.labs_browser import Browser, believing, parsed
from homeport.learn.labs_chromium import installed
from homeport.learn.labs_mitm import NAME, Outcome, Plain, Private, Stripped
from tests.learn.labs import Terminal, lab, terminal
from tests.parts import require_chromium


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Outcome, Terminal]]:
    """The lab, once, at an address of the loopback that nothing else uses."""
    require_chromium()
    with terminal() as (say, kept):
        yield labs_mitm.run(say, "127.0.0.3"), kept


def test_over_http_password_and_cookie_are_read_and_the_cookie_works_from_elsewhere(
    ran: tuple[Outcome, Terminal],
) -> None:
    assert ran[0].plain == Plain(password=True, cookie=True, cookie_works=True)


def test_over_https_only_the_name_is_read_and_the_recording_is_of_no_use(ran: tuple[Outcome, Terminal]) -> None:
    assert ran[0].private == Private(password=False, cookie=False, name=True, replay=False, logged_in=True)


def test_a_forged_certificate_is_refused(ran: tuple[Outcome, Terminal]) -> None:
    forged = ran[0].forged
    assert forged.refused == "unable to get local issuer certificate"
    assert not forged.heard
    assert forged.careless


def test_the_real_browser_refuses_it_too(ran: tuple[Outcome, Terminal]) -> None:
    assert installed()
    assert ran[0].forged.chromium == "ERR_CERT_AUTHORITY_INVALID"


def test_https_can_be_taken_away_from_whoever_is_not_strict(ran: tuple[Outcome, Terminal]) -> None:
    assert ran[0].stripped == Stripped(password=True, strict=False)


def test_it_says_what_to_remember(ran: tuple[Outcome, Terminal]) -> None:
    _, kept = ran
    assert "What to remember" in kept.text
    assert "What this lab does not show" in kept.text
    assert max(map(len, kept.lines)) <= 80


def test_the_header_of_hsts_counts_over_https_alone() -> None:
    browser = Browser("127.0.0.1", {}, believing())
    answer = parsed(b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=9\r\n\r\n")
    browser._remember("http", NAME, answer)
    assert browser.strict == set()
    browser._remember("https", NAME, answer)
    assert browser.strict == {NAME}


def test_another_address_is_refused() -> None:
    said = lab("mitm", "--host", "192.0.2.1")
    assert said.exit_code == 1
    assert "this machine alone" in str(said.exception)
