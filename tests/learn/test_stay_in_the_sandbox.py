"""What runs in the sandbox's pages stays there: tried in a real browser, whose person is logged in to the blog."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from homeport.core.config import Config
from homeport.learn import sandbox
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.listening import listening

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]
FORM = "application/x-www-form-urlencoded"
# What a script in a page of the copy tries; it writes down how far it came.
ESCAPE = """<script>
const tell = (what) => { new Image().src = "thief?saw=" + encodeURIComponent(what) }
const attempt = (name, act) => { try { tell(name + " got " + act()) } catch (error) { tell(name + " refused") } }
attempt("cookies", () => document.cookie)
attempt("storage", () => localStorage.length)
attempt("opener", () => window.opener ? window.opener.document.title : nothing)
tell("origin " + self.origin)
fetch("/account", {credentials: "include"}).then(() => tell("pages got"), () => tell("pages refused"))
</script>"""


@pytest.fixture
def reader(app: Flask, config: Config, everybody: Cast, chromium: Chromium, browser: Login) -> Iterator[Page]:
    """A page in charlie's browser, on the running blog."""
    with listening(app) as server:
        address = f"http://localhost:{server.server_port}"
        context = chromium.new_context(base_url=address)
        context.add_cookies([{"name": "sid", "value": browser(everybody.charlie).token, "url": address}])
        yield context.new_page()
        context.close()
    sandbox.end(config, everybody.charlie.id)


def start(page: Page) -> str:
    """Start a copy by the button; returns the address that its pages begin with."""
    page.goto("/learn/sandbox")
    page.get_by_role("button", name="Start a copy").click()
    page.get_by_role("heading", name="Welcome").wait_for()
    return page.url


def log_in(page: Page, copy: str) -> None:
    page.goto(f"{copy}login")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("You are Mira Holm").wait_for()


def caught(page: Page, copy: str, words: str) -> list[str]:
    """What the thief has, once `words` are among it."""
    for _ in range(100):
        page.goto(f"{copy}thief")
        found = page.locator("#caught li").all_inner_texts()
        if words in found:
            return found
    raise AssertionError(f"never came: {words}")


def write(page: Page, copy: str, words: str) -> None:
    page.goto(f"{copy}comments?guard=escape")
    page.get_by_label("Your comment").fill(words)
    page.get_by_role("button", name="Send").click()
    page.get_by_text(words[:20]).wait_for()


def test_a_script_in_the_copy_reaches_neither_cookies_nor_pages_nor_storage(reader: Page) -> None:
    copy = start(reader)
    write(reader, copy, ESCAPE)
    reader.goto(f"{copy}comments")
    found = caught(reader, copy, "pages refused")
    assert sorted(found) == ["cookies refused", "opener refused", "origin null", "pages refused", "storage refused"]
    assert reader.goto("/account").status == 200  # type: ignore[union-attr]  # there is an answer
    assert urlsplit(reader.url).path == "/account", "and charlie is still logged in"


def test_a_script_steals_in_the_copy_and_not_under_a_policy_nor_where_it_is_escaped(reader: Page) -> None:
    copy = start(reader)
    log_in(reader, copy)
    write(
        reader, copy, '<script>new Image().src = "thief?saw=" + document.getElementById("phrase").textContent</script>'
    )
    for guard in ("policy", "escape"):
        reader.goto(f"{copy}comments?guard={guard}")
        reader.goto(f"{copy}thief")
        assert reader.get_by_text("Nothing so far.").is_visible(), guard
    reader.goto(f"{copy}comments?guard=none")
    assert caught(reader, copy, "violet anchor ninety") == ["violet anchor ninety"]


def test_another_sites_form_works_in_the_copy_until_it_wants_a_token(reader: Page) -> None:
    copy = start(reader)
    log_in(reader, copy)
    reader.goto(f"{copy}elsewhere?guard=token")
    reader.get_by_role("heading", name="Refused").wait_for()
    assert "Sec-Fetch-Site: cross-site" in reader.locator("main").inner_text()
    reader.goto(f"{copy}elsewhere")
    reader.get_by_role("heading", name="Changed").wait_for()
    assert reader.locator("#email").inner_text() == "thief@evil.example"


def test_a_form_in_the_copy_can_do_nothing_on_the_blog(reader: Page) -> None:
    copy = start(reader)
    write(reader, copy, '<form method="post" action="/logout"><button id="out">Out</button></form>')
    reader.goto(f"{copy}comments")
    with reader.expect_console_message(lambda said: "form-action" in said.text):
        reader.locator("#out").dispatch_event("click")
    reader.goto("/account")
    assert urlsplit(reader.url).path == "/account", "charlie is still logged in"


def test_the_copy_is_told_nothing_of_who_asks(app: Flask, config: Config, everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    copy = charlie.submit("/learn/sandbox").location
    stranger = app.test_client()
    for visitor in (charlie, stranger):
        page = visitor.post(f"{copy}login", data="name=Mira+Holm&password=sea-glass-17", content_type=FORM)
        assert page.status_code == 303
        assert page.location.endswith(f"{copy}account")
        assert "Set-Cookie" not in page.headers
    page = charlie.get(f"{copy}account")
    policies = page.headers.getlist("Content-Security-Policy")
    assert policies[0].startswith("sandbox allow-forms allow-scripts; default-src 'none'; ")
    assert charlie.token not in page.text
    assert charlie.get("/learn/sandbox").text.count("Your copy is running") == 1
    charlie.submit("/learn/sandbox/end")
    gone = charlie.get(f"{copy}account")
    assert gone.status_code == 410
    assert "There is no weak copy here any more." in gone.text
    assert "frame-ancestors 'none'" in gone.headers["Content-Security-Policy"]
    assert sandbox.mine(config, everybody.charlie.id) is None
