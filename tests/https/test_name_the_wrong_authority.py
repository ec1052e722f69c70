"""Settings that name an authority which is none, or a root that can't be used: a sentence, and no defect."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask

from homeport.core.clock import now
from homeport.core.config import Config, ConfigError
from homeport.core.errors import Problem
from homeport.https import attempts, dns01, edge, jobs
from tests.https.placed import at

CREDENTIALS = (("server", "127.0.0.1"), ("key_name", "a"), ("key_secret", "x1y2"))


@pytest.fixture
def config(config: Config) -> Config:
    return at(config, https_method="dns", https_dns_provider="rfc2136", https_dns_credentials=CREDENTIALS)


@pytest.fixture(params=["{}", '{"newNonce": "http://127.0.0.1:1/"}', "[]", '"a text"', "null", "<html>"])
def directory(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address at which something else than ACME answers."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(request.param.encode())

        def log_message(self, *_told: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_what_answers_is_not_acme(config: Config, directory: str) -> None:
    with pytest.raises(Problem) as refused:
        dns01.obtain(replace(config, https_acme_directory=directory))
    assert refused.value.code == "authority_away"
    assert "answers with something that is not ACME; look at https_acme_directory" in refused.value.message


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "can't be read: No such file or directory"), (b"no certificate", "holds no certificate (PEM)")],
)
@pytest.mark.parametrize("method", ["auto", "dns"])
def test_root_that_cannot_be_used_ends_the_start(
    config: Config, tmp_path: Path, method: str, content: bytes | None, sentence: str
) -> None:
    root = tmp_path / "root.pem"
    if content is not None:
        root.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        edge.check(replace(config, https_method=method, https_acme_root=str(root)))
    assert f"https_acme_root, {root}, {sentence}; name the authority's root certificate." in refused.value.message


def test_root_that_goes_while_the_blog_runs_is_a_try_that_failed(app: Flask, config: Config, tmp_path: Path) -> None:
    config = app.config["HOMEPORT"] = replace(config, https_acme_root=str(tmp_path / "gone.pem"))
    with app.app_context():
        with pytest.raises(Problem):
            jobs.get_certificate_by_dns()
        assert jobs.count_due(now()) == 0, "not every five seconds"
    tried = attempts.last(config)
    assert tried is not None
    assert "gone.pem, can't be read" in tried.error
