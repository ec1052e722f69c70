"""Certificates that end after a minute: renewed under steady readers, and kept while the authority is away."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from homeport.accounts import passkeys, queries
from homeport.app import create_app
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import db
from homeport.https import certificates
from tests.cast import open_session
from tests.https.blog import Blog, eventually, serving
from tests.https.lab import DOMAIN, OUTSIDE, Lab, lab
from tests.https.test_serve_with_a_certificate_by_dns import BY_DNS
from tests.parts import ROOT

LOAD_SECONDS = 240
LASTS = 60
RENEWED_WITHIN = {"auto": 150, "dns": 30}
"""Seconds, once the authority is back. Caddy waits one minute after the first failure, then two, two, five …"""
METHODS: dict[str, dict[str, Any]] = {"auto": {"https_method": "auto"}, "dns": BY_DNS}


@dataclass
class Visit:
    """What became of steady readers: how many requests, how many of them sent again elsewhere; failures are the
    time (seconds since 1970), what was tried, and the error."""

    asked: int
    resent: int
    failures: list[tuple[float, str, str]]
    serials: list[str]


@contextmanager
def steady(it: Lab, into: list[Visit]) -> Iterator[None]:
    """Within it, readers come all the time; what became of them is put into the list at the end."""
    program = [sys.executable, str(ROOT / "tests/https/steady.py"), OUTSIDE, DOMAIN, "443", str(it.authority.roots())]
    command = it.internet.command(*program)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield
        said, _ = process.communicate()
    into.append(Visit(**json.loads(said)))


def ends(blog: Blog, method: str) -> datetime:
    """When the present certificate is over."""
    directory = blog.lab.authority.directory
    config = Config(data=blog.data, domain=DOMAIN, https_method=method, https_acme_directory=directory)
    held = certificates.current(config)
    assert held is not None
    return held.ends


def health(blog: Blog) -> dict[str, str]:
    """What a monitor at home is told."""
    found: dict[str, str] = json.loads(blog.ask_at_home("/healthz").body)
    return found


def be_renewed(method: str) -> None:
    """Four minutes of readers, in which each certificate ends."""
    with lab(certificates_last=LASTS) as it, serving(it, **METHODS[method]) as blog:
        blog.wait_for_https()
        time.sleep(2)  # an edge that began without a certificate has come to its end
        visits: list[Visit] = []
        with steady(it, visits):
            time.sleep(LOAD_SECONDS)  # so long is what the test is about
        assert visits[0].failures == []
        assert visits[0].asked > LOAD_SECONDS
        assert visits[0].resent <= len(visits[0].serials), "an edge that begins anew closes a kept connection once"
        assert len(visits[0].serials) >= LOAD_SECONDS // LASTS


def lose_the_authority(method: str) -> None:
    """It is away while the last certificate ends, and comes back."""
    with lab(certificates_last=LASTS) as it, serving(it, **METHODS[method]) as blog:
        blog.wait_for_https()
        it.authority.refuse()
        time.sleep(1)  # what was being renewed comes to its end
        last = ends(blog, method)
        visits: list[Visit] = []
        with steady(it, visits):
            eventually(lambda: now() > last, "the end of the certificate", LASTS + 10)
        assert [failure for failure in visits[0].failures if failure[0] < last.timestamp()] == []
        assert ends(blog, method) == last
        expired = blog.ask(f"https://{DOMAIN}/", roots=it.authority.roots())
        assert "certificate has expired" in expired.error
        assert blog.ask(f"http://{DOMAIN}/").status == 308, "nobody is served without HTTPS instead"
        eventually(lambda: health(blog)["certificate"] == "not ok", "the word for monitors")

        it.authority.admit()
        eventually(lambda: ends(blog, method) > now(), "another certificate", RENEWED_WITHIN[method])
        blog.wait_for_https()
        eventually(lambda: health(blog)["certificate"] != "not ok", "that monitors are told so")


def tell_the_owner(method: str) -> None:
    """The same, as whoever has to know is told of it, and told again when all is well."""
    with lab(certificates_last=LASTS) as it, serving(it, **METHODS[method]) as blog:
        add = ["user", "add", "olga@example.com", "--name", "Olga", "--role", "owner", "--data", str(blog.data)]
        subprocess.run([sys.executable, "-m", "homeport.cli", *add], check=True, capture_output=True)
        blog.wait_for_https()
        cookie = f"Cookie: __Host-sid={logged_in(blog, 'olga@example.com')}"
        assert health(blog)["certificate"] == "ok"
        assert "browsers keep readers away" not in blog.ask_at_home("/", "-H", cookie).body
        it.authority.refuse()
        warned = partial(in_page, blog, cookie, f"The certificate for {DOMAIN} end")
        eventually(warned, "a warning on the owner's pages", seconds=2 * LASTS)
        eventually(lambda: health(blog)["certificate"] == "not ok", "a monitor’s warning", seconds=2 * LASTS)
        eventually(lambda: any("certificate" in subject for subject in subjects(blog)), "a mail", seconds=2 * LASTS)
        assert not any("good again" in subject for subject in subjects(blog))
        it.authority.admit()
        eventually(lambda: health(blog)["certificate"] == "ok", "a new certificate", seconds=2 * LASTS)
        eventually(lambda: "good again" in subjects(blog)[-1], "a mail that all is well", seconds=2 * LASTS)
        eventually(lambda: not warned(), "the owner's pages without the warning", seconds=2 * LASTS)


def logged_in(blog: Blog, email: str) -> str:
    """A session of somebody on that blog, who has the second factor that an owner needs to be more than a reader."""
    key = {"public_key": "", "sign_count": 0, "transports": [], "backed_up": True, "user_handle": "handle"}
    app = create_app(Config(data=blog.data))
    with app.app_context():
        user = queries.by_email(email)
        assert user is not None
        passkeys.add_from(user, key | {"credential_id": "id", "rp_id": DOMAIN}, name="Telephone", now=now())
        token = open_session(user.id)
        db.engine.dispose()
        return token


def in_page(blog: Blog, cookie: str, words: str) -> bool:
    """Whether the front page says so to who has that cookie."""
    return words in blog.ask_at_home("/", "-H", cookie).body


def subjects(blog: Blog) -> list[str]:
    """The subjects of the mails that the blog has written, the oldest first."""
    with closing(sqlite3.connect(blog.data / "homeport.db")) as database:
        return [subject for (subject,) in database.execute("SELECT subject FROM mails ORDER BY id")]


# Nearly all of their time they wait for the clock, so they are played at once, each in a lab of its own.
SCENES: tuple[tuple[Callable[[str], None], str], ...] = (
    (be_renewed, "auto"),
    (be_renewed, "dns"),
    (lose_the_authority, "auto"),
    (lose_the_authority, "dns"),
    (tell_the_owner, "dns"),
)


@pytest.fixture(scope="module")
def played() -> Iterator[Callable[[Callable[[str], None], str], None]]:
    """Waits for a scene to end, and fails as it does: `played(scene, method)`."""
    with ThreadPoolExecutor(len(SCENES)) as pool:
        scenes = {(scene, method): pool.submit(scene, method) for scene, method in SCENES}
        yield lambda scene, method: scenes[scene, method].result()


@pytest.mark.parametrize("method", METHODS)
def test_each_is_renewed_in_time_and_no_reader_notices(played: Any, method: str) -> None:
    played(be_renewed, method)


@pytest.mark.parametrize("method", METHODS)
def test_the_last_one_serves_to_its_end_while_the_authority_is_away_and_is_renewed_after(
    played: Any, method: str
) -> None:
    played(lose_the_authority, method)


def test_whoever_has_to_know_is_told_and_told_again_when_it_is_well(played: Any) -> None:
    played(tell_the_owner, "dns")
