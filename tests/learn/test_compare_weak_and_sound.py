"""What the experiments of chapters 8 to 10 claim: the weak way falls, and the sound way beside it does not."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.http import Viewer
from homeport.learn import bench_experiments, experiments, sandbox
from homeport.learn.experiments import Context
from homeport.learn.sandbox_experiments import PAYLOAD, search_this_blog
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.listening import listening

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]
AGENT = ("User-Agent", "A browser")


def context(config: Config, viewer: Viewer) -> Context:
    """What an experiment knows of a request that a browser made."""
    browsers = (AGENT, ("Cookie", "sid=real…"), ("X-Csrf-Token", "real…"))
    return Context(config, viewer, now(), "POST", "/", "http", "127.0.0.1", browsers, {"sid": "real"}, "token")


@pytest.fixture
def here(app: Flask, everybody: Cast) -> Iterator[Context]:
    """Charlie, at a blog that listens."""
    with listening(app) as server:
        config = Config(data=app.config["HOMEPORT"].data, port=server.server_port)
        yield context(config, everybody.charlie.viewer)
    sandbox.end(config, everybody.charlie.id)


def test_a_login_is_read_over_http_and_not_over_https(config: Config) -> None:
    form = ImmutableMultiDict({"email": "mira@example.org", "password": "sea glass & salt"})
    recording = bench_experiments.record(form, context(config, Viewer()))
    assert {what: (plain, private) for what, plain, private in recording.found} == {
        "the address": (True, False),
        "the password": (True, False),
        "the session’s cookie": (True, False),
        "that it is a login": (True, False),
        "the blog’s name": (True, True),
    }
    assert recording.plain.header("User-Agent") == AGENT[1]
    assert "real" not in str(recording.plain), "nothing that opens something comes along"
    assert "certificate" in recording.meeting.refusal
    assert recording.meeting.version == "TLSv1.3"


def test_words_stay_beside_the_statement_on_this_blog(app: Flask, here: Context) -> None:
    words = "' OR 1=1 --"
    with app.app_context():
        outcome = search_this_blog(ImmutableMultiDict({"words": words}), here)
    assert isinstance(outcome, tuple)
    (statement, values), *_more = outcome[1]["ran"]
    assert words not in statement
    assert words in values
    assert outcome[1]["exchange"].answer.status == 404


def test_a_script_in_a_comment_comes_to_nothing_on_this_blog(app: Flask, here: Context) -> None:
    with app.app_context():
        outcome = experiments.find("comment-here").run(ImmutableMultiDict({"words": f"Hello {PAYLOAD}"}), here)
    assert isinstance(outcome, tuple)
    assert "<script" not in outcome[1]["made"]
    assert "script-src 'self';" in outcome[1]["policy"]
    assert "unsafe-inline" not in outcome[1]["policy"]


def test_a_comment_stands_in_the_copy_as_it_was_typed_or_escaped(app: Flask, here: Context) -> None:
    with app.app_context():
        outcome = experiments.find("comment-in-the-copy").run(ImmutableMultiDict({"words": "<b>hi</b>"}), here)
    assert isinstance(outcome, tuple)
    assert outcome[1]["ways"] == [
        ("none", "", "<b>hi</b>"),
        ("policy", "script-src 'self'", "<b>hi</b>"),
        ("escape", "", "&lt;b&gt;hi&lt;/b&gt;"),
    ]


def test_another_sites_form_is_refused_though_the_cookie_came_along(app: Flask, here: Context) -> None:
    with app.app_context():
        outcome = experiments.find("forged-form").run(ImmutableMultiDict(), here)
    assert isinstance(outcome, tuple)
    exchange = outcome[1]["exchange"]
    assert exchange.request.header("Cookie") == "sid=real"
    assert exchange.answer.status == 403
    assert "did not come from a page of this blog" in exchange.answer.text
