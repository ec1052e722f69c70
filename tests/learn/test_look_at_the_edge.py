"""What the blog tells of its own edge, looked at from elsewhere: a real Caddy, a real certificate, a reader outside."""

from collections.abc import Iterator

import pytest

from homeport.app import create_app
from homeport.core import csrf
from homeport.core.config import Config
from homeport.core.db import db
from homeport.https import queries
from homeport.learn import xray_store
from tests.cast import Cast, make_cast, open_session
from tests.https.blog import Answer, Blog, eventually, serving
from tests.https.lab import DOMAIN, lab
from tests.learn.xraying import HAS_LEARN, WITHOUT_LEARN, records

pytestmark = pytest.mark.skipif(not HAS_LEARN, reason=WITHOUT_LEARN)


@pytest.fixture(scope="module")
def blog() -> Iterator[Blog]:
    """A blog on HTTPS, in a home of its own."""
    with lab() as it, serving(it) as found:
        found.wait_for_https()
        yield found


@pytest.fixture(scope="module")
def config(blog: Blog) -> Config:
    """Its settings."""
    return Config(data=blog.data, domain=DOMAIN, https_acme_directory=blog.lab.authority.directory)


@pytest.fixture(scope="module")
def session(config: Config) -> str:
    """The owner's, who has the x-ray on."""
    with create_app(config).app_context():
        people: Cast = make_cast("")
        token = open_session(people.olga.id)
        db.engine.dispose()
    xray_store.switch_on(config, people.olga.id)
    return token


def ask(blog: Blog, session: str, path: str, *options: str) -> Answer:
    """What the owner gets from the internet."""
    cookie = ("--cookie", f"__Host-sid={session}")
    return blog.ask(f"https://{DOMAIN}{path}", *cookie, *options, roots=blog.lab.authority.roots())


def test_tls_version_cipher_and_protocol_come_from_the_edge_alone(blog: Blog, config: Config, session: str) -> None:
    claim = "X-Forwarded-Tls: tls1.0 MADE_UP h9 HTTP/9 true"
    answer = ask(blog, session, "/", "--http2", "--header", claim)
    assert answer.status == 200
    assert "X-ray of this page" in answer.body
    eventually(lambda: records(config), "the record")
    version, cipher, protocol, http, resumed = records(config)[0]["facts"]["edge"].split()
    assert (version, protocol, http, resumed) == ("tls1.3", "h2", "HTTP/2.0", "false")
    assert cipher.startswith("TLS_")
    assert records(config)[0]["facts"]["cache"]["why"] == "session"
    assert len(queries.chain(config)) >= 2


def test_the_chapter_on_encryption_shakes_hands_with_the_edge_itself(blog: Blog, config: Config, session: str) -> None:
    form = ("--data", f"{csrf.FIELD}={csrf.token(session)}", "--header", "Sec-Fetch-Site: same-origin")
    page = ask(blog, session, "/learn/encryption/experiments/handshake", *form).body
    assert f"port {config.https_port} of this machine" in page, "and not with a server in memory"
    for words in ("ClientHello", "ServerHello", "Certificate", "Finished", DOMAIN):
        assert words in page
