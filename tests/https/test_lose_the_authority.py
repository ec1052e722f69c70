"""The authority is away while a certificate ends: whoever has to know is told, and told again when all is well."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

from tests.https.blog import Blog, eventually, serving
from tests.https.lab import lab
from tests.https.test_serve_with_a_certificate_by_dns import BY_DNS

LASTS = 60
"""Seconds. A mail waits until a warning has stood for a while, and the worker looks every half a minute."""


def word(blog: Blog) -> str:
    """What a monitor is told of the certificate."""
    return str(json.loads(blog.ask_at_home("/healthz").body)["certificate"])


def subjects(blog: Blog) -> list[str]:
    """The subjects of the mails that the blog has written, the oldest first."""
    with closing(sqlite3.connect(blog.data / "homeport.db")) as database:
        return [subject for (subject,) in database.execute("SELECT subject FROM mails ORDER BY id")]


def test_whoever_has_to_know_is_told_and_told_again_when_it_is_well() -> None:
    with lab(certificates_last=LASTS) as it, serving(it, **BY_DNS) as blog:
        add = ["user", "add", "olga@example.com", "--name", "Olga", "--role", "owner", "--data", str(blog.data)]
        subprocess.run([sys.executable, "-m", "homeport.cli", *add], check=True, capture_output=True)
        blog.wait_for_https()
        assert word(blog) == "ok"
        it.authority.refuse()
        eventually(lambda: word(blog) == "not ok", "a monitor’s warning", seconds=2 * LASTS)
        eventually(lambda: any("certificate" in subject for subject in subjects(blog)), "a mail", seconds=2 * LASTS)
        assert not any("good again" in subject for subject in subjects(blog))
        it.authority.admit()
        eventually(lambda: word(blog) == "ok", "a new certificate", seconds=2 * LASTS)
        eventually(lambda: "good again" in subjects(blog)[-1], "a mail that all is well", seconds=2 * LASTS)
