"""Words are planted in every kind of place that a record could take them from, and are looked for in its bytes."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response, redirect, render_template_string, request
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, select, text, update

from homeport.accounts.models import User
from homeport.core import clock, watching
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.http import member
from homeport.jobs.service import JOBS, enqueue, queue_mail
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import Browser
from tests.learn.xraying import HAS_LEARN, WITHOUT_LEARN, ask, records, statements, switch

pytestmark = pytest.mark.skipif(not HAS_LEARN, reason=WITHOUT_LEARN)
WORD = "zqx"
"""What every planted word begins with; nothing else holds it."""


@pytest.fixture
def app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The blog with views that put words where views can."""

    def fail() -> ResponseReturnValue:
        raise RuntimeError(f"{WORD}-in-an-error")

    def render() -> ResponseReturnValue:
        given = {"note": f"{WORD}-in-a-template", "many": {f"{WORD}-in-a-mapping": 1}}
        return render_template_string("{{ note }}{% macro m() %}{{ note }}{% endmacro %}{{ m() }}", **given)

    def store() -> ResponseReturnValue:
        word = f"{WORD}-in-sql"
        db.session.scalars(select(User).where(User.email == word)).all()
        db.session.scalars(select(User).where(User.handle.in_([word, f"{word}-2"]), User.bio.like(f"%{word}%"))).all()
        db.session.execute(select(bindparam("status", word), bindparam("count", word))).all()
        db.session.execute(text(f"SELECT '{word}', '{word}''{word}' WHERE :x != 'x'"), {"x": word}).all()
        db.session.execute(update(User).where(User.handle == "charlie").values(bio=word, link=word))
        queue_mail(f"{WORD}@example.com", f"{word}-subject", word, now=clock.now())
        return "stored"

    def leave() -> ResponseReturnValue:
        enqueue(JOBS["planted"], f"{WORD}-in-a-job", [f"{WORD}-in-a-list"], 7)
        return "left"

    def answer() -> ResponseReturnValue:
        found = redirect(f"/setup?token={WORD}-in-a-location", 303)
        found.headers["X-Secret"] = f"{WORD}-in-an-answer"
        found.headers["Content-Disposition"] = f"attachment; filename={WORD}-in-a-name"
        found.set_cookie(f"{WORD}-cookie", f"{WORD}-in-set-cookie")
        return found

    def take() -> ResponseReturnValue:
        return Response(str(len(request.form) + len(request.files)))

    for view in (fail, render, store, leave, answer, take):
        methods = ["POST"] if view in {take, store, leave} else ["GET"]
        app.add_url_rule(f"/planted/{view.__name__}", f"planted.{view.__name__}", member(view), methods=methods)
    monkeypatch.setitem(JOBS, "planted", take)
    return app


@pytest.fixture
def olga(app: Flask, everybody: Cast, browser: Callable[[Person], Browser]) -> Browser:
    """The owner, with the x-ray on."""
    found = browser(everybody.olga)
    switch(found)
    return found


def bytes_of(config: Config) -> bytes:
    """All that the x-ray has written, the file's journal too."""
    return b"".join(Path(path).read_bytes() for path in config.data.glob("xray.db*"))


def plant_in_requests(olga: Browser) -> None:
    header = {
        "Authorization": f"Bearer {WORD}-in-authorization",
        "X-Api-Key": f"{WORD}-in-a-header",
        "X-Csrf-Token": f"{WORD}-in-csrf",
        "Referer": f"http://localhost/reset?token={WORD}-in-a-referer",
        "Proxy-Authorization": f"Basic {WORD}",
        "X-Forwarded-For": f"{WORD}-in-forwarded",
        "Forwarded": f"for={WORD}",
        "Origin": f"http://{WORD}.example",
        "From": f"{WORD}@example.com",
    }
    ask(olga, "/write", headers=header)
    ask(olga, "/write", headers={"Referer": f"http://{WORD}.example/", "Host": "localhost"})
    for name in ("device", "message", f"{WORD}_cookie"):
        olga.set_cookie(name, f"{WORD}-in-a-cookie")
    for path in (
        f"/setup?token={WORD}-in-a-query",
        f"/login?next=/{WORD}-in-next",
        f"/write?q={WORD}&state={WORD}&page={WORD}&{WORD}=1&{WORD}",
        f"/preview/{WORD}-in-a-path",
        f"/{WORD}-mistyped/address",
        f"/learn/{WORD}",
        f"/admin/{WORD}",
        f"/admin/people/{WORD}",
    ):
        ask(olga, path)
    ask(olga, "/write", method="POST", data={f"{WORD}1": f"{WORD}-from-another-site"})
    olga.delete_cookie("message")


def plant_in_forms(olga: Browser) -> None:
    def send(path: str, data: dict[str, object], **options: object) -> None:
        with olga.submit(path, data, **options) as answer:
            answer.get_data()

    send("/planted/take", {"email": f"{WORD}@example.com", f"{WORD}": f"{WORD}-in-a-form", "csrf_token": WORD})
    file = (io.BytesIO(f"{WORD}-in-a-file".encode()), f"{WORD}-name.png", f"image/{WORD}")
    send("/planted/take", {f"{WORD}_file": file, "title": f"{WORD}-in-a-part"})
    send("/account/password", {"current": f"{WORD}-old", "password": f"{WORD}-new horse battery staple"})
    send("/admin/people/add", {"email": f"{WORD}@example.com", "name": f"{WORD} Name", "role": "READER"})
    send("/account/profile", {"display_name": f"{WORD} Olga", "bio": f"{WORD}-bio"})
    send("/account/confirm", {"password": f"{WORD}-wrong", "code": f"{WORD}12"})
    send("/write/new", {"title": f"{WORD} title", "text": f"{WORD} text"})


def test_nothing_that_was_planted_in_a_request_is_in_its_record(olga: Browser, config: Config) -> None:
    plant_in_requests(olga)
    plant_in_forms(olga)
    assert len(records(config)) >= 16
    assert WORD.encode() not in bytes_of(config)
    assert olga.token.encode() not in bytes_of(config)
    assert PASSWORD.encode() not in bytes_of(config)


def test_nothing_that_the_program_handles_is_in_a_record(olga: Browser, config: Config) -> None:
    for path in ("/planted/fail", "/planted/render", "/planted/answer"):
        ask(olga, path)
    for path in ("/planted/store", "/planted/leave"):
        with olga.submit(path) as answer:
            assert answer.status_code == 200
    found = {record["what"]: record for record in records(config)}
    assert found["GET /planted/fail"]["facts"]["error"]["type"] == "RuntimeError"
    assert len(found["GET /planted/render"]["facts"]["contexts"]) == 1
    assert len([text for text in statements(found["POST /planted/store"]) if "users.email" in text]) >= 2
    assert found["POST /planted/leave"]["jobs"][0]["args"] == ["⟨text, 12 characters⟩", "⟨1 value⟩", "7"]
    assert WORD.encode() not in bytes_of(config)


def test_nothing_of_it_is_in_the_story(olga: Browser, config: Config) -> None:
    plant_in_requests(olga)
    ask(olga, "/planted/fail")
    for record in records(config):
        told = ask(olga, f"/learn/xray/{record['id']}")
        assert told.status_code == 200
        assert WORD not in told.text


def test_other_peoples_data_stay_out(olga: Browser, config: Config, everybody: Cast) -> None:
    ask(olga, "/admin/people")
    ask(olga, f"/admin/people/{everybody.alice.id}")
    ask(olga, "/admin/people?q=alice@example.com")
    assert len(records(config)) == 3
    for person in (everybody.alice, everybody.bob, everybody.charlie, everybody.olga):
        assert person.email.encode() not in bytes_of(config)
        assert person.name.encode() not in bytes_of(config)


def test_the_record_of_a_job_holds_no_argument_and_no_error(olga: Browser, config: Config, app: Flask) -> None:
    with olga.submit("/planted/leave") as answer:
        assert answer.status_code == 200
    [left] = records(config)[0]["jobs"]
    about = {"name": "planted", "args": (f"{WORD}-in-a-job", [WORD], 7), "job_id": left["id"]}
    error = RuntimeError(f"{WORD}-in-a-job's-error")
    watching.job_begins.send(app, **about)
    watching.job_ended.send(app, job_id=left["id"], error=error)
    job = records(config)[-1]
    assert (job["kind"], job["outcome"], job["facts"]["error"]["type"]) == ("job", "failed", "RuntimeError")
    assert WORD.encode() not in bytes_of(config)
