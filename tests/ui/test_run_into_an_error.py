"""Something goes wrong and the page says what to do now."""

from collections.abc import Callable

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import text

from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role, owner, public
from homeport.core.site import SiteSetting
from homeport.ui.pages import EXPLANATIONS

JSON = {"Accept": "application/json"}


@pytest.fixture
def broken_app(bare_app: Flask) -> Flask:
    """Views that fail, each in its own way."""

    @bare_app.get("/problem")
    @public
    def problem() -> str:
        raise Problem(
            "This <address> is taken.", status=409, code="taken", hint="Choose another.", headers={"X-Extra": "1"}
        )

    @bare_app.get("/crash")
    @public
    def crash() -> str:
        raise ZeroDivisionError("secret detail")

    @bare_app.get("/status/<int:code>")
    @public
    def status(code: int) -> str:
        abort(code)

    @bare_app.post("/half")
    @public
    def half() -> str:
        db.session.add(SiteSetting(name="title", value="Half done"))
        db.session.flush()
        raise Problem("That did not work.")

    @bare_app.post("/owner")
    @owner
    def owners() -> str:
        return "done"

    return bare_app


def test_a_page_that_is_not_there_leads_somewhere(broken_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.get("/no/such/page")
    assert answer.status_code == 404
    assert "<h1>There is no page at this address.</h1>" in answer.text
    assert 'href="/"' in answer.text
    assert "noindex" in answer.text


@pytest.mark.parametrize("status", sorted(set(EXPLANATIONS) | {500}))
def test_each_status_says_what_to_do(broken_app: Flask, visitor: FlaskClient, status: int) -> None:
    answer = visitor.get(f"/status/{status}")
    assert answer.status_code == status
    lead = answer.text.split('class="lead">')[1].split("</p>")[0]
    assert lead.endswith(".")
    assert len(lead.split()) > 4


def test_a_problem_is_told_in_its_own_words(broken_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.get("/problem")
    assert answer.status_code == 409
    assert "This &lt;address&gt; is taken." in answer.text
    assert "Choose another." in answer.text
    assert answer.headers["X-Extra"] == "1"


def test_a_program_gets_the_problem_as_json(broken_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.get("/problem", headers=JSON)
    assert answer.status_code == 409
    error = answer.get_json()["error"]
    assert error == {
        "code": "taken",
        "message": "This <address> is taken.",
        "hint": "Choose another.",
        "request_id": answer.headers["X-Request-Id"],
    }
    assert visitor.get("/nowhere", headers=JSON).get_json()["error"]["code"] == "not_found"


def test_a_browser_gets_a_page(broken_app: Flask, visitor: FlaskClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    for headers in ({"Accept": accept}, {"Accept": "*/*"}, {}):
        assert visitor.get("/problem", headers=headers).mimetype == "text/html"


def test_a_crash_gives_a_number_and_no_detail(broken_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.get("/crash")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_crash_without_a_database_still_gives_a_page(broken_app: Flask, visitor: FlaskClient) -> None:
    with broken_app.app_context():
        db.session.execute(text("DROP TABLE site_version"))
        db.session.commit()
    answer = visitor.get("/crash")
    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_wrong_method_names_the_right_ones(broken_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.delete("/problem", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_what_was_half_done_is_taken_back(broken_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.post("/half", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400
    assert "Half done" not in answer.text
    assert "Half done" not in visitor.get("/").text


def test_every_error_carries_the_security_headers(broken_app: Flask, visitor: FlaskClient) -> None:
    for path in ("/nowhere", "/crash", "/problem", "/static/none"):
        answer = visitor.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path


def test_what_was_typed_on_an_outdated_page_can_be_sent_again(
    broken_app: Flask, log_in: Callable[[Role], FlaskClient], token: str
) -> None:
    olga = log_in(Role.OWNER)
    typed = {"title": "A “title”", "body": "<b>long</b>\n\ntext", "password": "hunter2", "csrf_token": "old"}
    answer = olga.post("/owner", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert 'value="A “title”"' in answer.text
    assert "&lt;b&gt;long&lt;/b&gt;\n\ntext</textarea>" in answer.text.replace("\r\n", "\n")
    assert "hunter2" not in answer.text
    assert f'name="csrf_token" value="{token}"' in answer.text
    assert 'value="old"' not in answer.text
    assert olga.post("/owner", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}).text == "done"


def test_nothing_is_offered_again_when_it_came_from_elsewhere(
    broken_app: Flask, log_in: Callable[[Role], FlaskClient]
) -> None:
    answer = log_in(Role.OWNER).post("/owner", data={"title": "evil"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "evil" not in answer.text
