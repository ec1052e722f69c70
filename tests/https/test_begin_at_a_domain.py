"""The owner of a new blog begins at its own domain, in a real browser on the internet, and goes on at home."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page

from tests.chromium import FLAGS
from tests.https.blog import LOCAL, serving
from tests.https.lab import DOMAIN, INTERNET, Host, Lab, lab
from tests.journeys.factors import enrol_with_passkey, recovery_codes
from tests.journeys.hands import Pointer
from tests.parts import require_chromium

PASSWORD = "seven grey herons fishing"


@contextmanager
def browser_on(host: Host, it: Lab, chromium: Browser) -> Iterator[Page]:
    """A page of a browser that runs on this host of the lab and trusts what the lab's authority signs by."""
    program = it.folder / f"chromium-{host.name}"
    program.write_text(f'#!/bin/sh\nexec ip netns exec {host.name} {require_chromium()} "$@"\n')
    program.chmod(0o755)
    signer = x509.load_pem_x509_certificate(it.authority.fetch("15000/intermediates/0").encode())
    key = signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trust = f"--ignore-certificate-errors-spki-list={base64.b64encode(sha256(key).digest()).decode()}"
    browser = chromium.browser_type.launch(executable_path=program, args=[*FLAGS, trust])
    try:
        yield browser.new_page()
    finally:
        browser.close()


def test_from_the_set_up_link_to_a_passkey_and_back_at_home(chromium: Browser) -> None:
    with lab() as it, serving(it) as blog:
        blog.wait_for_https()
        link = re.search(r"https://\S+/setup\?token=\S+", blog.wait_until_said("Create the owner's account"))
        assert link
        with browser_on(it.internet, it, chromium) as page:
            page.goto(link[0])
            page.get_by_label("Your name").fill("Olga")
            page.get_by_label("E-mail address").fill("olga@example.com")
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            Pointer(page).press("Begin")
            (kept,) = enrol_with_passkey(page, Pointer(page)).passkeys()
            assert kept["rpId"] == DOMAIN
            codes = recovery_codes(page)
            cookies = page.context.cookies()
            assert {cookie["name"] for cookie in cookies} >= {"__Host-sid", "__Host-device"}
            assert all(cookie["secure"] for cookie in cookies)
            page.goto(f"https://{DOMAIN}/account/sessions")
            assert f"Internet, {INTERNET}" in page.locator(".session-list").inner_text()
        with browser_on(it.home, it, chromium) as page:
            page.goto(f"{LOCAL}/login")
            page.get_by_label("E-mail address").fill("olga@example.com")
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            Pointer(page).press("Log in")
            page.get_by_label("Code", exact=True).fill(codes[0])
            Pointer(page).press("Log in")
            assert page.url == f"{LOCAL}/write"
            page.goto(f"{LOCAL}/account/sessions")
            assert "This machine, 127.0.0.1" in page.locator(".session-list").inner_text()
