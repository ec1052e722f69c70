"""Two people work on one post. Nobody's text is lost, whoever is quicker."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.events import post_published
from homeport.migrations.runner import upgrade
from homeport.posts import library, service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast, Person, make_cast
from tests.conftest import Browser
from tests.parts import postgresql
from tests.posts.desk import fields, press, put, stored, write

Login = Callable[[Person], Browser]


@pytest.fixture
def alice(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.alice)


@pytest.fixture
def eve(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.eve)


@pytest.fixture
def editor(alice: Browser) -> str:
    """A post with three lines."""
    return write(alice, body="One\nTwo\nThree\n")


def kept(app: Flask, editor: str) -> list[str]:
    """The bodies in a post's history, oldest first."""
    with app.app_context():
        post = db.session.get_one(Post, int(editor.rsplit("/", 1)[1]))
        return [revision.body for revision in reversed(library.history(post))]


def test_the_second_to_save_is_shown_both_texts(alice: Browser, eve: Browser, editor: str, app: Flask) -> None:
    page = alice.get(editor)
    press(eve, eve.get(editor), "save", body="One\nTwo by Eve\nThree\n")
    answer = press(alice, page, "save", body="One\nTwo\nThree by Alice\n", tags="mine")
    assert answer.status_code == 409
    assert "<h1>Eve changed this post while you were writing</h1>" in answer.text
    assert "<del>Two</del>" in answer.text
    assert "<ins>Two by Eve</ins>" in answer.text
    assert "<ins>Three by Alice</ins>" in answer.text
    assert fields(answer)["body"] == "One\nTwo\nThree by Alice\n"
    assert fields(answer)["tags"] == "mine"
    assert stored(app, editor)["body"] == "One\nTwo by Eve\nThree\n"


def test_saving_mine_over_theirs_keeps_theirs_in_the_history(
    alice: Browser, eve: Browser, editor: str, app: Flask
) -> None:
    page = alice.get(editor)
    press(eve, eve.get(editor), "save", body="Eve's")
    answer = press(alice, page, "save", body="Alice's")
    assert press(alice, answer, "save").status_code == 303
    assert stored(app, editor)["body"] == "Alice's"
    assert kept(app, editor) == ["One\nTwo\nThree\n", "Eve's", "Alice's"]


def test_keeping_theirs_keeps_mine_in_the_history(alice: Browser, eve: Browser, editor: str, app: Flask) -> None:
    page = alice.get(editor)
    press(eve, eve.get(editor), "save", body="Eve's")
    answer = press(alice, page, "save", body="Alice's")
    assert press(alice, answer, "keep_theirs").status_code == 303
    assert stored(app, editor)["body"] == "Eve's"
    assert kept(app, editor) == ["One\nTwo\nThree\n", "Eve's", "Alice's", "Eve's"]


def test_a_third_change_during_the_choice_is_seen_too(alice: Browser, eve: Browser, editor: str) -> None:
    page = alice.get(editor)
    press(eve, eve.get(editor), "save", body="Eve's first")
    answer = press(alice, page, "save", body="Alice's")
    press(eve, eve.get(editor), "save", body="Eve's second")
    again = press(alice, answer, "save")
    assert again.status_code == 409
    assert "Eve&#39;s second" in again.text
    assert fields(again)["body"] == "Alice's"


def test_publishing_by_somebody_else_is_told_before_readers_see_a_change(
    alice: Browser, eve: Browser, editor: str
) -> None:
    page = alice.get(editor)
    press(eve, eve.get(editor), "publish")
    answer = press(alice, page, "save", body="Half a thought")
    assert answer.status_code == 409
    assert "<h1>This post is published now</h1>" in answer.text
    assert "It is public now: what you save, readers see." in answer.text


def test_saving_what_is_there_already_is_no_conflict(alice: Browser, eve: Browser, editor: str, app: Flask) -> None:
    page = alice.get(editor)
    press(eve, eve.get(editor), "save", body="The same")
    version = stored(app, editor)["version"]
    assert press(alice, page, "save", body="The same").status_code == 303
    assert stored(app, editor)["version"] == version


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "99999999999999999999", "²"])
def test_a_form_without_its_version_overwrites_nothing(alice: Browser, editor: str, app: Flask, version: str) -> None:
    assert press(alice, alice.get(editor), "save", body="New", version=version).status_code == 409
    assert stored(app, editor)["body"] == "One\nTwo\nThree\n"


def test_one_person_in_two_windows_is_told_so(alice: Browser, editor: str) -> None:
    page = alice.get(editor)
    press(alice, alice.get(editor), "save", body="There")
    assert "You changed this post in another window" in press(alice, page, "save", body="Here").text


def at_once(*actions: Callable[[], None]) -> None:
    """Run actions in threads that start together; raise what one of them raised."""
    barrier, errors = threading.Barrier(len(actions)), list[BaseException]()

    def run(action: Callable[[], None]) -> None:
        barrier.wait()
        try:
            action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_of_many_who_save_at_once_one_wins_and_no_text_is_lost(app: Flask, everybody: Cast, browser: Login) -> None:
    post_id = put(app, everybody.alice, "Contested")
    writers = [browser(person) for person in (everybody.alice, everybody.eve, everybody.olga) for _ in range(2)]
    pages = [writer.get(f"/write/{post_id}") for writer in writers]
    answers: dict[int, int] = {}

    def save(number: int) -> Callable[[], None]:
        def send() -> None:
            answer = press(writers[number], pages[number], "save", body=f"By number {number}")
            answers[number] = answer.status_code
            assert answer.status_code == 303 or fields(answer)["body"] == f"By number {number}"

        return send

    at_once(*map(save, range(len(writers))))
    winners = [number for number, status in answers.items() if status == 303]
    assert sorted(answers.values()) == [303, 409, 409, 409, 409, 409]
    assert kept(app, f"/write/{post_id}") == ["Text.", f"By number {winners[0]}"]


@pytest.fixture(scope="module")
def large_blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A blog on PostgreSQL, where writers do not queue but meet."""
    with postgresql() as address:
        config = Config(data=Path(tmp_path_factory.mktemp("large")), database_url=address)
        upgrade(config)
        app = create_app(config)
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def crew(large_blog: Flask, password_hash: str) -> Cast:
    with large_blog.app_context():
        return make_cast(password_hash)


def in_app(app: Flask, action: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            action()

    return run


def test_on_postgresql_one_of_two_saves_wins(large_blog: Flask, crew: Cast) -> None:
    post_id, outcomes, loaded = put(large_blog, crew.alice, "Contested"), list[str](), threading.Barrier(2)

    def save() -> None:
        post = db.session.get_one(Post, post_id)
        draft = Draft(post.title, f"By {threading.get_ident()}", path=post.path)
        loaded.wait()
        try:
            service.save(post, by=crew.eve.viewer, now=clock.now(), seen_version=1, draft=draft)
            commit()
            outcomes.append("saved")
        except service.Conflict:
            db.session.rollback()
            outcomes.append("conflict")

    at_once(in_app(large_blog, save), in_app(large_blog, save))
    assert sorted(outcomes) == ["conflict", "saved"]


def test_on_postgresql_one_of_two_workers_publishes(large_blog: Flask, crew: Cast) -> None:
    post_id, now = put(large_blog, crew.alice, "Due"), clock.now()
    sent, done, begun = list[int](), list[bool](), threading.Barrier(2)

    def note(_sender: object, post: Post, now: object) -> None:
        sent.append(post.id)

    with large_blog.app_context():
        service.schedule(db.session.get_one(Post, post_id), crew.alice.viewer, now, now + timedelta(seconds=1))
        commit()

    def work() -> None:
        begun.wait()
        done.append(service.publish_if_due(post_id, now + timedelta(seconds=2)))
        commit()

    with post_published.connected_to(note):
        at_once(in_app(large_blog, work), in_app(large_blog, work))
    assert sorted(done) == [False, True]
    assert sent == [post_id]


def test_on_postgresql_a_double_click_makes_one_post(large_blog: Flask, crew: Cast) -> None:
    made, begun = list[int](), threading.Barrier(2)

    def create() -> None:
        db.session.get(Post, 0)
        begun.wait()
        draft = Draft("Doubly clicked", "Text")
        made.append(service.create(by=crew.alice.viewer, now=clock.now(), draft=draft, key="the same form").id)
        commit()

    at_once(in_app(large_blog, create), in_app(large_blog, create))
    assert made[0] == made[1]
