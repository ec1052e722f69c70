"""The last exercises talk to a blog: their solutions work on the real one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask import Flask
from werkzeug.serving import make_server

from homeport.app import create_app
from homeport.cli import group
from homeport.core.config import Config
from homeport.core.programs import READ, WRITE
from homeport.learn.practice import find
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.posts.script import token_of


def solved(name: str) -> dict[str, Any]:
    """What the reference solution of an exercise defines."""
    names: dict[str, Any] = {"__name__": "exercise"}
    exec(find(name).solution, names)
    return names


@contextmanager
def online(app: Flask) -> Iterator[str]:
    """The blog at a port of its own, for programs that really connect."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_import_the_folder_that_the_program_wrote(
    tmp_path: Path, app: Flask, everybody: Cast, config: Config, client: Browser
) -> None:
    write = solved("a-folder-of-posts")["write_post"]
    write(tmp_path / "posts", "a-walk", 'A "long" walk', date(2026, 5, 2), ["Walks"], "We went *far*.")
    arguments = ["import", str(tmp_path / "posts"), "--author", "alice@example.com", "--data", str(config.data)]
    assert CliRunner().invoke(group, arguments, obj=create_app).exit_code == 0
    page = client.get("/archive")
    assert "A &#34;long&#34; walk" in page.text


def test_post_from_the_program_and_show_it_on_a_page_beside(app: Flask, everybody: Cast, client: Browser) -> None:
    token = token_of(app, everybody.alice, READ, WRITE)
    with app.app_context():
        for _ in range(60):
            make_post(everybody.alice)
    with online(app) as blog:
        address = solved("post-to-your-blog")["send_post"](blog, token, "Hello & welcome", "A program *wrote* this.")
        assert address.endswith("/posts/hello-welcome")
        assert "A program <em>wrote</em> this." in client.get("/posts/hello-welcome").text
        beside = solved("a-page-beside-it")
        page = beside["create_app"](beside["asking"](blog, token)).test_client().get("/").text
    assert "<h1>61 posts</h1>" in page
    assert f'<a href="{address}">Hello &amp; welcome</a>' in page
