"""Somebody goes through the whole primer with a telephone's screen and a keyboard: each chapter, each experiment, its
questions. One blog and one browser for all of it; what needs a blog that really listens is tried on the same one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from homeport.app import FEATURES, create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.migrations.runner import upgrade
from tests.cast import Cast, make_cast, open_session
from tests.journeys.conftest import Served, Visitor, serve
from tests.journeys.hands import Keyboard
from tests.parts import ROOT

if "learn" not in FEATURES:
    pytest.skip("the room learn is taken out of FEATURES", allow_module_level=True)

from homeport.learn import experiments, real_request
from homeport.learn.primer import Chapter, chapters

SMALL = {"width": 360, "height": 740}
Place = tuple[Served, Config, Cast, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running blog with people, its settings, and the cookie of alice's session."""
    data: Path = tmp_path_factory.mktemp("learn") / "data"
    data.mkdir()
    config = Config(data=data)
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        cast = make_cast("")
        token = open_session(cast.alice.id)
        db.engine.dispose()
    with serve(data, has_owner=True) as served:
        port = int(served.address.rpartition(":")[2])
        yield served, Config(data=data, port=port), cast, token


@pytest.fixture(scope="module")
def learner(place: Place, chromium: Browser) -> Iterator[Visitor]:
    """Alice at a telephone with a keyboard."""
    served, _config, _cast, token = place
    context = chromium.new_context(base_url=served.address, viewport=SMALL)  # type: ignore[arg-type]  # two integers
    context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
    context.set_default_timeout(30_000)
    visitor = Visitor(context.new_page())
    visitor.page.on("console", visitor.listen)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    yield visitor
    context.close()
    assert visitor.complaints == []


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.slug)
def test_a_chapter_by_keyboard_on_a_small_screen(learner: Visitor, chapter: Chapter) -> None:
    page, hands = learner.page, Keyboard(learner.page)
    page.goto(f"/learn/{chapter.slug}")
    for name in chapter.names("experiment"):
        hands.press(experiments.find(name).button, leaves=False)
        outcome = page.locator(f"#experiment-{name} .outcome")
        outcome.wait_for()
        assert outcome.locator(".error").count() == 0, outcome.inner_text()
        assert page.evaluate("document.activeElement.className") == "outcome", "what came of it is read aloud next"
    for question in chapter.questions:
        answer(page, hands, question.number, question.right)
    learner.check()
    page.reload()
    done = page.get_by_text("answered", exact=True)
    assert done.count() == len(chapter.questions)
    assert page.locator(".experiment .badge-done").count() == len(chapter.names("experiment"))


def answer(page: Page, hands: Keyboard, number: int, place: int) -> None:
    """Go to a question by Tab, to the answer by the arrows, and check it."""
    form = page.locator(f"#question-{number}")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('form')?.id") == f"question-{number}":
            break
    page.keyboard.press("Space")
    for _ in range(place):
        page.keyboard.press("ArrowDown")
    hands.press("Check", leaves=False)
    form.locator(".outcome .right").wait_for()


def test_the_contents_say_that_everything_is_done(learner: Visitor) -> None:
    learner.page.goto("/learn")
    assert learner.page.get_by_text("all done", exact=True).count() == len(chapters())
    learner.page.emulate_media(media="print")
    learner.page.goto("/learn/booklet")
    assert learner.page.locator("form:visible").count() == 0
    assert learner.page.locator(".screen-only:visible").count() == 0
    learner.page.emulate_media(media="screen")


def test_without_scripts_the_page_that_comes_back_says_the_same(place: Place, chromium: Browser) -> None:
    served, _config, _cast, token = place
    context = chromium.new_context(base_url=served.address, java_script_enabled=False)
    context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
    page = context.new_page()
    page.goto("/learn/client-and-server")
    page.get_by_role("button", name="Send a request").click()
    page.locator("#experiment-your-request .outcome").wait_for()
    assert page.url.endswith("/experiments/your-request#experiment-your-request")
    context.close()


def test_a_real_request_is_kept_as_it_went_and_came(place: Place) -> None:
    _served, config, _cast, _token = place
    raw = real_request.compose(config, "/healthz", headers=(("X-One", "two"),))
    found = real_request.ask(config, raw)
    assert found.sent == raw
    assert found.request.start == "GET /healthz HTTP/1.1"
    assert (found.answer.status, found.answer.header("content-type")) == (200, "application/json")
    assert b'"database":"ok"' in found.answer.body
    assert 0 < found.connected <= found.first_byte <= found.finished
    assert real_request.ask(config, real_request.compose(config, "/archive", method="HEAD")).answer.body == b""


@pytest.mark.parametrize("header", ["X-Forwarded-For", "x-forwarded-proto", "Forwarded", "X-Real-IP"])
def test_an_experiment_cannot_pretend_to_come_through_a_proxy(place: Place, header: str) -> None:
    _served, config, _cast, _token = place
    for name in (header, f" {header}", f"{header} "):
        raw = f"GET / HTTP/1.1\r\nHost: localhost\r\n{name}: 192.0.2.1\r\n\r\n".encode()
        with pytest.raises(Problem) as refused:
            real_request.ask(config, raw)
        assert refused.value.code == "proxy_header"


@pytest.mark.parametrize("path", ["archive", "/a b", "/a\r\nX: y", "http://192.168.1.1/"])
def test_an_address_that_could_be_none_is_refused(place: Place, path: str) -> None:
    with pytest.raises(Problem) as refused:
        real_request.compose(place[1], path)
    assert refused.value.code == "bad_address"


def test_nobody_at_the_address_is_said_in_a_sentence(tmp_path: Path) -> None:
    config = Config(data=tmp_path, port=9)
    with pytest.raises(Problem) as refused:
        real_request.ask(config, real_request.compose(config, "/"))
    assert (refused.value.status, refused.value.code) == (503, "no_answer_from_itself")


def test_what_opens_something_is_not_shown() -> None:
    cookie = "sid=" + "a" * 43
    raw = f"GET / HTTP/1.1\r\nCookie: {cookie}; theme=dark\r\nAuthorization: Bearer {'b' * 43}\r\n\r\n"
    shown = dict(real_request.taken_apart(raw.encode()).shown_headers)
    assert shown == {"Cookie": "sid=aaaa…; theme=dark", "Authorization": "Bearer bbbb…"}
    page = (
        f'HTTP/1.1 200 OK\r\nSet-Cookie: {cookie}; Path=/; HttpOnly\r\n\r\n<input name="csrf_token" value="{"c" * 64}">'
    )
    answered = real_request.taken_apart(page.encode())
    assert answered.shown_headers == (("Set-Cookie", "sid=aaaa…; Path=/; HttpOnly"),)
    assert "cccc" not in answered.text
    assert "cccc" not in real_request.taken_apart(b"POST / HTTP/1.1\r\n\r\ncsrf_token=" + b"c" * 64 + b"&a=b").text


def test_the_booklet_in_the_documents_leads_to_every_chapter() -> None:
    text = (ROOT / "docs" / "booklet.md").read_text()
    for chapter in chapters():
        assert f"[{chapter.title}](../src/homeport/learn/chapters/{chapter.number:02}-{chapter.slug}.md)" in text
