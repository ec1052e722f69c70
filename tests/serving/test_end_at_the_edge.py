"""A blog behind its edge that lacks a page, is started again, or ends, while readers keep their connections."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from homeport.app import create_app
from homeport.core.db import db
from homeport.https.caddy import end
from homeport.https.service import web_socket
from homeport.https.shelf import NONE, OVER, folder, leave, place, shown
from homeport.migrations.runner import upgrade
from tests.cast import make_cast
from tests.factories import make_post
from tests.serving.at_the_edge import Edge, SecureReader, at_domain, by_caddy_alone, edge
from tests.serving.running import Answer, eventually

COUNTER = "/posts/counter"


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """One blog with one post. The last test ends it."""
    config = at_domain(tmp_path_factory.mktemp("edge") / "data")
    config.data.mkdir()
    upgrade(config)
    with create_app(config).app_context():
        make_post(make_cast("no password").alice, path=COUNTER[1:])
        db.engine.dispose()
    with edge(config) as it:
        yield it


def test_page_that_caddy_cannot_have_comes_from_the_web_server(blog: Edge) -> None:
    blog.shelved(COUNTER)
    version = shown(blog.config)
    assert version is not None
    names = ("looped", "long", "folded", "flat")
    looped, long, folded, flat = (place(blog.config, version, f"/posts/{name}") for name in names)
    for each in (looped, long, folded):
        each.parent.mkdir()
    looped.symlink_to(looped)
    long.symlink_to("x" * 300)
    folded.mkdir()
    flat.parent.touch()
    with closing(SecureReader(blog.config.https_port)) as reader:
        for name in names:
            answer = reader.ask(f"/posts/{name}")
            assert answer.status == 404
            assert b"<title>" in answer.body
            assert "via" in answer.headers
        assert by_caddy_alone(reader.ask(COUNTER))


@pytest.mark.parametrize("headers", ["", "Cookie: a=b\r\n"])
def test_page_says_that_the_blog_is_being_started_while_no_web_server_answers(blog: Edge, headers: str) -> None:
    processes, socket = blog.blog.web_processes(), web_socket(blog.config)
    with ThreadPoolExecutor(12) as readers:
        for process in processes:
            process.suspend()
        aside = socket.rename(socket.with_suffix(".aside"))
        try:
            # Some are given a connection that Caddy has kept, and wait; the others are told.
            asked = [readers.submit(blog.ask, "/posts/other", headers=headers) for _ in range(12)]
            eventually(lambda: any(each.done() for each in asked), "an answer")
        finally:
            aside.rename(socket)
            for process in processes:
                process.resume()
    told = [each.result() for each in asked if each.result().status != 404]
    assert told
    for answer in told:
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert b"<h1>Just a moment</h1>" in answer.body


def test_edge_that_was_told_to_start_again_gives_pages_out_again(blog: Edge) -> None:
    blog.shelved(COUNTER)
    end(blog.config)
    eventually(blog.is_ready, "an answer")
    assert by_caddy_alone(blog.shelved(COUNTER))


def test_while_it_ends_no_page_is_from_a_file_and_none_is_let_in_again(blog: Edge) -> None:
    blog.shelved(COUNTER)
    leave(blog.config)
    try:
        for _ in range(30):
            assert "via" in blog.ask(COUNTER).headers
            time.sleep(0.1)
    finally:
        (folder(blog.config) / OVER).rename(folder(blog.config) / NONE)


def asked_until_told(reader: SecureReader) -> Answer:
    """Read on one connection until an answer says that it is the last; none may be missing before."""
    while "close" not in (answer := reader.ask(COUNTER)).headers.get("connection", ""):
        assert answer.status == 200
        time.sleep(0.02)
    return answer


def test_whoever_reads_while_the_blog_ends_is_told_so_by_an_answer(blog: Edge) -> None:
    blog.shelved(COUNTER)
    with ExitStack() as connections:
        readers = [connections.enter_context(closing(SecureReader(blog.config.https_port))) for _ in range(5)]
        assert all(by_caddy_alone(reader.ask(COUNTER)) for reader in readers)
        ending = threading.Thread(target=blog.blog.stop)
        ending.start()
        eventually((folder(blog.config) / OVER).exists, "its end")
        with ThreadPoolExecutor(5) as at_once:
            answers = list(at_once.map(asked_until_told, readers))
        ending.join()
    assert [answer.status for answer in answers] == [200] * 5
