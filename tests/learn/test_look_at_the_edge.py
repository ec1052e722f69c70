"""The x-ray tells of a connection what the edge knows of it: a real Caddy, a real certificate, a reader elsewhere."""

import pytest

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.https import queries
from homeport.learn import xray_store
from tests.cast import make_cast, open_session
from tests.https.blog import Blog, eventually, serving
from tests.https.lab import DOMAIN, lab
from tests.learn.xraying import HAS_LEARN, WITHOUT_LEARN, records

pytestmark = pytest.mark.skipif(not HAS_LEARN, reason=WITHOUT_LEARN)


def ask_as_owner(blog: Blog, config: Config, *options: str) -> None:
    """Have the x-ray on, and ask for the front page from the internet with the owner's cookie."""
    app = create_app(config)
    with app.app_context():
        olga = make_cast("").olga
        token = open_session(olga.id)
        db.engine.dispose()
    xray_store.switch_on(config, olga.id)
    cookie = ("--cookie", f"__Host-sid={token}")
    answer = blog.ask(f"https://{DOMAIN}/", *cookie, *options, roots=blog.lab.authority.roots())
    assert answer.status == 200
    assert "X-ray of this page" in answer.body


def test_tls_version_cipher_and_protocol_come_from_the_edge_alone() -> None:
    with lab() as it, serving(it) as blog:
        blog.wait_for_https()
        config = Config(data=it.folder / "data", domain=DOMAIN, https_acme_directory=it.authority.directory)
        ask_as_owner(blog, config, "--http2", "--header", "X-Forwarded-Tls: tls1.0 MADE_UP h9 HTTP/9 true")
        eventually(lambda: records(config), "the record")
        version, cipher, protocol, http, resumed = records(config)[0]["facts"]["edge"].split()
        assert (version, protocol, http, resumed) == ("tls1.3", "h2", "HTTP/2.0", "false")
        assert cipher.startswith("TLS_")
        assert records(config)[0]["facts"]["cache"]["why"] == "session"
        assert len(queries.chain(config)) >= 2
