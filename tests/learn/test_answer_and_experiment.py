"""Somebody answers the primer's questions and runs its experiments; what they have done is kept for them alone."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import create_engine, select

from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.learn import queries
from homeport.learn.limits import Limit
from homeport.learn.models import LearnStep
from homeport.learn.primer import chapters
from homeport.migrations import is_current
from homeport.migrations.runner import alembic_config, upgrade
from tests.cast import Cast, Person
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]
CHAPTER = chapters()[0]
PAGE = f"/learn/{CHAPTER.slug}"
QUESTION = CHAPTER.questions[0]
WRONG = next(place for place in range(len(QUESTION.answers)) if place != QUESTION.right)


def steps(app: Flask) -> dict[tuple[int, str], tuple[int, bool]]:
    with app.app_context():
        rows = db.session.scalars(select(LearnStep)).all()
        return {(row.user_id, row.step): (row.tries, row.done_at is not None) for row in rows}


def test_an_answer_is_explained_and_nothing_kept_of_who_is_not_logged_in(app: Flask, client: Browser) -> None:
    right = client.submit(f"{PAGE}/questions/1", {"answer": str(QUESTION.right)})
    assert (right.status_code, right.headers["Cache-Control"]) == (200, "no-store")
    assert "<strong>Right.</strong> A server only answers." in right.text
    wrong = client.submit(f"{PAGE}/questions/1", {"answer": str(WRONG)})
    assert "<strong>Not quite.</strong>" in wrong.text
    assert "<strong>Right.</strong>" not in wrong.text
    assert steps(app) == {}


@pytest.mark.parametrize("chosen", [{}, {"answer": "9"}, {"answer": "-1"}, {"answer": "x"}])
def test_what_is_no_answer_is_asked_for_again(client: Browser, chosen: dict[str, str]) -> None:
    answer = client.submit(f"{PAGE}/questions/1", chosen)
    assert answer.status_code == 422
    assert "Choose one of the answers first." in answer.text


def test_progress_is_kept_for_each_person(app: Flask, everybody: Cast, browser: Login) -> None:
    alice, bob = browser(everybody.alice), browser(everybody.bob)
    alice.submit(f"{PAGE}/questions/1", {"answer": str(WRONG)})
    assert steps(app) == {(everybody.alice.id, "question 1"): (1, False)}
    alice.submit(f"{PAGE}/questions/1", {"answer": str(QUESTION.right)})
    alice.submit(f"{PAGE}/questions/1", {"answer": str(WRONG)})
    assert steps(app) == {(everybody.alice.id, "question 1"): (3, True)}, "what was right stays right"
    alice.submit(f"{PAGE}/experiments/your-request")
    total = len(queries.steps_of(CHAPTER))
    assert f"2 of {total} done" in alice.get("/learn").text
    assert f"0 of {total} done" in bob.get("/learn").text
    assert ">answered</span>" in alice.get(PAGE).text
    assert ">answered</span>" not in bob.get(PAGE).text
    with app.app_context():
        assert queries.progress_of(everybody.alice.id)[CHAPTER.slug] == (2, total)
        assert queries.progress_of(None) == {}


def test_a_step_that_a_chapter_no_longer_has_does_not_count(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        for chapter, step in (("gone", "question 1"), (CHAPTER.slug, "question 99")):
            db.session.add(LearnStep(user_id=everybody.bob.id, chapter=chapter, step=step, tries=1))
        db.session.commit()
        assert queries.progress_of(everybody.bob.id)[CHAPTER.slug].done == 0


def test_an_experiment_shows_what_was_really_sent_without_what_opens_something(everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    answer = alice.submit(f"{PAGE}/experiments/your-request", headers={"X-Written-Here": "by <alice>"})
    assert answer.status_code == 200
    assert "by &lt;alice&gt;" in answer.text
    assert f"sid={alice.token[:4]}…" in answer.text
    assert alice.token not in answer.text


def test_what_is_typed_wrongly_is_said_at_its_field(everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    answer = alice.submit(f"{PAGE}/experiments/be-the-client", {"be-the-client-path": "no slash"})
    assert answer.status_code == 422
    assert 'href="#be-the-client-path"' in answer.text
    assert "Begin with /" in answer.text


def test_an_experiment_of_another_chapter_or_of_none_is_not_there(everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    assert alice.submit(f"{PAGE}/experiments/none").status_code == 404


def test_who_runs_too_many_has_to_wait_and_others_do_not() -> None:
    moments = iter([0.0, 0.0, 0.0, 0.0, 31.0])
    limit = Limit(2, lambda: next(moments))
    limit.take(1)
    limit.take(1)
    with pytest.raises(Problem) as refused:
        limit.take(1)
    assert (refused.value.status, refused.value.code) == (429, "too_many_experiments")
    limit.take(2)
    limit.take(1)


def test_the_table_comes_to_a_blog_with_people_and_goes_with_an_account(
    tmp_path: Path, app: Flask, everybody: Cast
) -> None:
    config = Config(data=tmp_path / "old")
    config.data.mkdir()
    engine = create_engine(config.sqlalchemy_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0003")
    engine.dispose()
    with sqlite3.connect(app.config["HOMEPORT"].data / "homeport.db") as full:
        full.execute("ATTACH ? AS old", (str(config.data / "homeport.db"),))
        full.execute("INSERT INTO old.users SELECT * FROM main.users")
    full.close()
    assert not is_current(config)
    upgrade(config)
    with sqlite3.connect(config.data / "homeport.db") as old:
        old.execute("PRAGMA foreign_keys = ON")
        assert old.execute("SELECT count(*) FROM users").fetchone() == (5,)
        old.execute("INSERT INTO learn_progress VALUES (?, 'forms', 'question 1', 1, NULL)", (everybody.bob.id,))
        old.execute("DELETE FROM users WHERE id = ?", (everybody.bob.id,))
        assert old.execute("SELECT count(*) FROM learn_progress").fetchone() == (0,)
    old.close()
