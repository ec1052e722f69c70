"""The owner changes what the site is called and how it behaves, on a page."""

from collections.abc import Callable
from dataclasses import asdict
from html import unescape

import pytest
from flask import Flask

from homeport.core import clock, site
from homeport.core.db import commit, site_version
from homeport.core.errors import Problem
from homeport.core.site import Site
from homeport.ops import service
from tests.cast import Cast, Person
from tests.conftest import Browser

NEW = {
    "title": "The Harbour",
    "description": "Notes from the water.",
    "about": "I am **Olga**.\n\nWelcome.",
    "footer": "CC BY 4.0",
    "language": "pt-BR",
    "time_zone": "America/Sao_Paulo",
    "registration": "open",
    "second_factor": "nobody",
    "posts_per_page": "25",
}


@pytest.fixture
def olga(everybody: Cast, browser: Callable[[Person], Browser]) -> Browser:
    """The owner's browser."""
    return browser(everybody.olga)


def stored(app: Flask) -> Site:
    with app.app_context():
        return site.site()


def test_the_page_shows_what_holds_now(app: Flask, olga: Browser) -> None:
    with app.app_context():
        site.change(title="Old & proud", time_zone="Europe/Berlin", posts_per_page=7)
        commit()
    page = olga.get("/admin/settings").text
    assert 'value="Old &amp; proud"' in page
    assert 'value="7"' in page
    assert '<option selected value="Europe/Berlin">' in page


def test_what_is_saved_is_what_readers_see(app: Flask, client: Browser, olga: Browser) -> None:
    answer = olga.submit("/admin/settings", NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/settings")
    assert asdict(stored(app)) == asdict(Site()) | NEW | {"posts_per_page": 25}
    page = client.get("/").text
    assert "<title>The Harbour</title>" in page
    assert 'lang="pt-BR"' in page
    assert "CC BY 4.0" in page
    assert "<strong>Olga</strong>" in client.get("/about").text
    assert "Saved." in olga.get("/admin/settings").text


def test_saving_the_same_again_changes_nothing(app: Flask, olga: Browser) -> None:
    olga.submit("/admin/settings", NEW)
    with app.app_context():
        before = site_version()
    olga.submit("/admin/settings", NEW)
    with app.app_context():
        assert site_version() == before


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("title", "", "Fill this in."),
        ("title", "x" * 121, "Use at most 120 characters."),
        ("description", "x" * 301, "Use at most 300 characters."),
        ("about", "x" * 50_001, "Use at most 50000 characters."),
        ("footer", "x" * 301, "Use at most 300 characters."),
        ("language", "English", "Enter a language code, such as en, de or pt-BR."),
        ("language", 'en"><script>', "Enter a language code"),
        ("time_zone", "Atlantis/Capital", "Choose one of the options."),
        ("time_zone", "../../etc/passwd", "Choose one of the options."),
        ("registration", "sometimes", "Choose one of the options."),
        ("posts_per_page", "many", "Enter a whole number."),
        ("posts_per_page", "0", "Enter a number from 1 to 100."),
        ("posts_per_page", "101", "Enter a number from 1 to 100."),
        ("posts_per_page", "9" * 30, "Enter a number from 1 to 100."),
    ],
)
def test_a_mistake_is_named_and_everything_typed_is_kept(
    app: Flask, olga: Browser, name: str, value: str, sentence: str
) -> None:
    answer = olga.submit("/admin/settings", NEW | {name: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert stored(app) == Site()
    text = unescape(answer.text)
    for field in NEW.keys() - {name, "time_zone", "registration"}:
        assert NEW[field] in text
    assert f'href="#{name}' in answer.text
    if name not in {"time_zone", "registration"}:
        assert value in text


@pytest.mark.parametrize("name", ["eve", "alice", "charlie"])
def test_nobody_else_may(app: Flask, everybody: Cast, browser: Callable[[Person], Browser], name: str) -> None:
    other = browser(getattr(everybody, name))
    assert other.get("/admin/settings").status_code == 403
    assert other.submit("/admin/settings", NEW).status_code == 403
    assert stored(app) == Site()
    with app.app_context(), pytest.raises(Problem):
        service.change_settings(Site(title="Mine"), getattr(everybody, name).viewer, clock.now())


def test_strangers_are_asked_to_log_in(app: Flask, client: Browser) -> None:
    assert client.get("/admin/settings").status_code == 303
    answer = client.submit("/admin/settings", NEW)
    assert answer.status_code == 401
    assert stored(app) == Site()


def test_another_site_cannot_do_it_for_the_owner(app: Flask, olga: Browser) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        assert olga.post("/admin/settings", data=NEW, headers=headers).status_code == 403
    assert olga.submit("/admin/settings", NEW | {"csrf_token": "guessed"}).status_code == 403
    assert stored(app) == Site()


def test_fields_that_are_no_settings_are_ignored(app: Flask, olga: Browser) -> None:
    olga.submit("/admin/settings", NEW | {"role": "owner", "site_version": "0", "id": "1"})
    assert asdict(stored(app)) == asdict(Site()) | NEW | {"posts_per_page": 25}


def test_the_log_says_who_changed_which_settings(
    everybody: Cast, olga: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "homeport.ops")
    olga.submit("/admin/settings", asdict(Site()) | {"title": "Secret plan"})
    (record,) = [record for record in caplog.records if record.message == "settings changed"]
    assert (vars(record)["by"], vars(record)["settings"]) == (everybody.olga.id, "title")
    assert "Secret plan" not in caplog.text
