"""What the scripts add for somebody who writes or types a password; none of it is needed."""

from collections.abc import Callable

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from markupsafe import escape
from playwright.sync_api import Page

from homeport.core.http import Role, public
from tests.ui.gallery import add_gallery

KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('homeport-kept:')).length"


@pytest.fixture(autouse=True)
def sent(bare_app: Flask, log_in: Callable[[Role], FlaskClient]) -> list[dict[str, str]]:
    """The forms that the browser sent."""
    add_gallery(bare_app)
    log_in(Role.AUTHOR)
    forms: list[dict[str, str]] = []

    @public
    def save() -> ResponseReturnValue:
        forms.append(request.form.to_dict())
        return "<!doctype html><title>x</title>saved"

    @public
    def preview() -> str:
        return f"<p>Looks like {escape(request.form['body'])}</p>"

    bare_app.add_url_rule("/save", "save", save, methods=["POST"])
    bare_app.add_url_rule("/logout", "logout", save, methods=["POST"])
    bare_app.add_url_rule("/preview", "preview", preview, methods=["POST"])
    return forms


def wait_until_kept(page: Page) -> None:
    # not wait_for_function: it evaluates a string within the page, which the page's policy forbids
    for _ in range(100):
        if page.evaluate(KEPT) == 1:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing was kept")


def type_and_keep(page: Page, text: str) -> None:
    page.goto("/desk")
    page.get_by_label("Text").fill(text)
    wait_until_kept(page)


def test_a_password_can_be_looked_at_and_is_hidden_again_when_sent(page: Page, sent: list[dict[str, str]]) -> None:
    page.goto("/desk")
    field, show = page.locator("#secret"), page.get_by_role("button", name="Show what is typed")
    field.fill("hunter2")
    show.click()
    assert field.get_attribute("type") == "text"
    assert show.get_attribute("aria-pressed") == "true"
    show.click()
    assert field.get_attribute("type") == "password"
    show.click()
    page.evaluate("document.querySelector('form.form').addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Save").click()
    assert field.get_attribute("type") == "password"


def test_text_that_was_not_saved_is_offered_again(page: Page) -> None:
    type_and_keep(page, "Lost in the storm")
    page.evaluate("document.querySelector('form.form').reset()")  # so that nothing asks before leaving: the power went
    page.goto("/desk")
    assert page.get_by_label("Text").input_value() == "Old text"
    assert "was not saved" in page.locator(".kept-note").inner_text()
    page.get_by_role("button", name="Use that text").click()
    assert page.get_by_label("Text").input_value() == "Lost in the storm"


def test_kept_text_can_be_thrown_away(page: Page) -> None:
    type_and_keep(page, "Rubbish")
    page.evaluate("document.querySelector('form.form').reset()")
    page.goto("/desk")
    page.get_by_role("button", name="Throw it away").click()
    assert page.evaluate(KEPT) == 0
    page.reload()
    assert page.locator(".kept-note").count() == 0


def test_saved_text_is_not_offered_again(page: Page) -> None:
    type_and_keep(page, "New text")
    page.evaluate(
        """localStorage.setItem("homeport-kept:post-1",
           JSON.stringify({at: 0, values: {title: "Old title", body: "Old text"}}))"""  # as the server has it
    )
    page.reload()
    assert page.locator(".kept-note").count() == 0
    assert page.evaluate(KEPT) == 0


def test_a_password_is_never_kept(page: Page) -> None:
    page.goto("/desk")
    page.locator("#secret").fill("hunter2")
    page.get_by_role("button", name="Show what is typed").click()
    page.locator("#secret").fill("hunter22")
    type_in = page.get_by_label("Text")
    type_in.fill("Something")
    wait_until_kept(page)
    assert "hunter2" not in page.evaluate("JSON.stringify(localStorage)")


def test_logging_out_forgets_what_was_kept(page: Page, sent: list[dict[str, str]]) -> None:
    type_and_keep(page, "Private")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/logout")
    assert page.evaluate(KEPT) == 0


def test_ctrl_s_saves(page: Page, sent: list[dict[str, str]]) -> None:
    page.goto("/desk")
    page.get_by_label("Text").fill("Saved by key")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/save")
    assert sent[0]["body"] == "Saved by key"
    assert sent[0]["do"] == "save"
    assert sent[0]["csrf_token"]


def test_leaving_with_unsaved_text_asks_first(page: Page) -> None:
    asked: list[str] = []

    def answer(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]  # a Dialog
        dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", answer)
    page.goto("/desk")
    page.goto("/reading")
    assert asked == []
    page.goto("/desk")
    page.get_by_label("Text").click()
    page.keyboard.type("more")
    page.goto("/reading")
    assert asked == ["beforeunload"]


def test_the_preview_follows_the_typing(page: Page) -> None:
    page.goto("/desk")
    page.get_by_role("button", name="Preview while writing").click()
    page.get_by_role("region", name="Preview").get_by_text("Looks like Old text").wait_for()
    page.get_by_label("Text").fill("<b>news</b>")
    page.get_by_role("region", name="Preview").get_by_text("Looks like <b>news</b>").wait_for()


def test_a_preview_that_fails_says_so_and_keeps_the_text(page: Page) -> None:
    page.goto("/desk")
    page.route("**/preview", lambda route: route.abort())
    page.get_by_label("Text").fill("Still here")
    page.get_by_role("button", name="Preview while writing").click()
    page.get_by_role("region", name="Preview").get_by_text("could not be made").wait_for()
    assert page.get_by_label("Text").input_value() == "Still here"


def test_an_error_in_a_form_is_where_reading_goes_on(page: Page) -> None:
    page.goto("/wrong")
    assert page.evaluate("document.activeElement.id") == "errors"
    page.get_by_role("link", name="Title: Enter a title.").click()
    assert page.evaluate("document.activeElement.id") == "title"
