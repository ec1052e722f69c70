"""A teacher sees how far everybody is, and ends a term; each pupil sees their own, and no other’s."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from homeport.accounts import service as accounts
from homeport.accounts.departures import carry_out
from homeport.accounts.models import Departure, PostsFate, User
from homeport.core import clock, site
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.learn import class_queries, class_service, primer, queries
from homeport.learn.class_list import Entry
from homeport.learn.models import LearnExercise, LearnPupil, LearnStep
from homeport.learn.practice import exercises
from homeport.posts.models import Post
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.learn.teaching import LIST, do_something, invite, names, of_table, olga, put_into_class

pytestmark = pytest.mark.usefixtures("with_learn")
assert olga  # a fixture


def test_a_file_that_is_no_list_is_refused_and_what_was_typed_stays(olga: Browser, app: Flask) -> None:
    answer = invite(olga, LIST, file=(io.BytesIO(bytes(range(256)) * 500), "class.png"))
    assert answer.status_code == 422
    assert "Ada Lovelace, ada@example.org" in answer.text
    assert names(app) == []


@pytest.mark.parametrize("text", ["", "\n \n", "Name, E-Mail\n"])
def test_an_empty_list_is_asked_for_again(olga: Browser, text: str) -> None:
    answer = invite(olga, text)
    assert answer.status_code == 422
    assert "Write at least one name with an address" in answer.text


def test_the_teacher_sees_where_everybody_is(olga: Browser, everybody: Cast, app: Flask) -> None:
    put_into_class(app, everybody.alice, everybody.bob)
    first, second = primer.chapters()[:2]
    do_something(app, everybody.alice, first.slug, 99)
    do_something(app, everybody.alice, second.slug, 1, exercises()[0].name)
    page = olga.get("/learn/class").text
    alice = of_table(page, "Alice")
    assert f"2. {second.title}" in alice
    assert "✓ all done" in alice
    assert f"1 of {len(queries.steps_of(second))}" in alice
    assert f"solved: 1 , at: {exercises()[1].title}" in alice
    assert "nothing yet" in of_table(page, "Bob")
    assert f"1 of {len(exercises())} are solved" in olga.get(f"/learn/class/{everybody.alice.id}").text


def test_each_sees_their_own_and_nobody_elses(
    everybody: Cast, app: Flask, browser: Callable[[Person], Browser], client: Browser
) -> None:
    put_into_class(app, everybody.alice, everybody.bob)
    chapter = primer.chapters()[0]
    do_something(app, everybody.alice, chapter.slug, 1)
    total = len(queries.steps_of(chapter))
    assert f"1 of {total}" in browser(everybody.alice).get("/learn/class/me").text
    bob = browser(everybody.bob)
    assert f"1 of {total}" not in bob.get("/learn/class/me").text
    for path in ("/learn/class", f"/learn/class/{everybody.alice.id}", f"/learn/class/{everybody.bob.id}"):
        assert bob.get(path).status_code == 403
    assert client.get("/learn/class/me").status_code == 303


def test_at_the_end_of_term_only_accounts_made_for_the_class_go_and_a_week_later(
    olga: Browser, everybody: Cast, app: Flask
) -> None:
    invite(olga, f"{LIST}Alice, {everybody.alice.email}")
    olga.submit("/learn/class/room", {"do": "open"})
    do_something(app, everybody.alice, "forms", 1)
    with app.app_context():
        user = db.session.scalars(select(User).where(User.email == "ada@example.org")).one()
        ada = user.id
        make_post(Person(ada, "Ada", user.email, user.role), "Of Ada")
    page = olga.submit("/learn/class/end", {"what": "dismiss", "close": "y"}, follow_redirects=True).text
    assert "Accounts that will be deleted in 7 days: 2." in page
    assert "The class room is closed" in page
    with app.app_context():
        assert [user.email for _pupil, user in class_queries.everybody()] == ["ada@example.org", "grace@example.org"]
        assert len(db.session.scalars(select(LearnStep)).all()) == 1, "who had an account before keeps their progress"
        assert not carry_out(ada, clock.now() + timedelta(days=6))
        assert carry_out(ada, clock.now() + timedelta(days=8))
        commit()
        assert db.session.get(User, ada) is None
        assert db.session.get(LearnPupil, ada) is None
        assert db.session.scalars(select(Post.title)).all() == []
        assert db.session.get(User, everybody.alice.id) is not None


def test_until_then_the_teacher_can_take_it_back(olga: Browser, app: Flask) -> None:
    invite(olga)
    olga.submit("/learn/class/end", {"what": "dismiss"})
    assert "2 accounts are going to be deleted" in olga.get("/learn/class").text
    assert "Accounts that stay after all: 2." in olga.submit("/learn/class/keep", follow_redirects=True).text
    with app.app_context():
        assert [one.leaves_at for one in class_queries.whole_class()] == [None, None]


def test_a_pupil_who_became_an_editor_is_not_deleted_with_the_class(olga: Browser, everybody: Cast, app: Flask) -> None:
    put_into_class(app, everybody.eve, came_for_it=True)
    olga.submit("/learn/class/end", {"what": "dismiss"})
    assert names(app) == []
    with app.app_context():
        assert class_queries.one(db.session.get_one(User, everybody.eve.id)).leaves_at is None


def test_a_class_can_begin_anew_with_the_same_people(olga: Browser, everybody: Cast, app: Flask) -> None:
    put_into_class(app, everybody.alice)
    for one in (everybody.alice, everybody.bob):
        do_something(app, one, "forms", 1, exercises()[0].name)
    olga.submit("/learn/class/end", {"what": "anew"})
    assert names(app) == [everybody.alice.email]
    with app.app_context():
        for table in (LearnStep, LearnExercise):
            assert set(db.session.scalars(select(table.user_id))) == {everybody.bob.id}, "others are not in the class"


def test_a_class_can_be_over_while_everybody_stays(olga: Browser, everybody: Cast, app: Flask) -> None:
    put_into_class(app, everybody.alice, came_for_it=True)
    do_something(app, everybody.alice, "forms", 1)
    olga.submit("/learn/class/end", {"what": "part"})
    with app.app_context():
        assert class_queries.everybody() == []
        alice = class_queries.one(db.session.get_one(User, everybody.alice.id))
    assert alice.leaves_at is None
    assert alice.chapters["forms"].done == 1


def test_one_can_be_taken_out_of_the_class(olga: Browser, everybody: Cast, app: Flask) -> None:
    put_into_class(app, everybody.alice, everybody.bob)
    olga.submit(f"/learn/class/{everybody.alice.id}/out")
    assert names(app) == [everybody.bob.email]
    assert olga.get(f"/learn/class/{everybody.alice.id}").status_code == 404
    assert olga.get(f"/learn/class/{everybody.bob.id}").status_code == 200


def test_a_class_of_thirty_costs_no_more_questions_than_one_of_two(app: Flask, everybody: Cast) -> None:
    put_into_class(app, everybody.alice, everybody.bob)
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        class_queries.whole_class()
        class_service.accounts_to_delete()
        few = len(asked)
        for number in range(30):
            entry = Entry(number, f"P {number}", f"p{number}@example.org")
            class_service.invite([entry], Role.AUTHOR, by=everybody.olga.viewer, settings=site.site(), now=clock.now())
        commit()
        asked.clear()
        assert len(class_queries.whole_class()) == 32
        assert len(class_service.accounts_to_delete()) == 30
        assert len(asked) <= few + 1


@pytest.mark.parametrize("what", ["part", "anew", "dismiss"])
def test_while_the_class_leaves_nothing_else_is_said_to_happen_to_it(olga: Browser, app: Flask, what: str) -> None:
    invite(olga)
    olga.submit("/learn/class/end", {"what": "dismiss"})
    answer = olga.submit("/learn/class/end", {"what": what})
    assert answer.status_code == 409
    assert "keep them first" in answer.text
    with app.app_context():
        ada = class_queries.whole_class()[0]
        assert ada.is_dismissed
    assert olga.submit(f"/learn/class/{ada.user.id}/out").status_code == 409
    assert len(names(app)) == 2


def test_who_wishes_to_leave_by_themselves_is_not_kept_by_the_teacher(
    olga: Browser, everybody: Cast, app: Flask
) -> None:
    put_into_class(app, everybody.alice, everybody.bob, came_for_it=True)
    with app.app_context():
        alice = db.session.get_one(User, everybody.alice.id)
        accounts.ask_to_leave(alice, PostsFate.KEEP, None, by=everybody.alice.viewer, now=clock.now())
        commit()
    assert "are going to be deleted" not in olga.get("/learn/class").text
    page = olga.submit("/learn/class/end", {"what": "dismiss"}, follow_redirects=True).text
    assert "Accounts that will be deleted in 7 days: 1." in page
    olga.submit("/learn/class/keep")
    with app.app_context():
        leaves = {one.user.id: one.leaves_at is not None for one in class_queries.whole_class()}
        departure = db.session.get_one(Departure, everybody.alice.id)
    assert leaves == {everybody.alice.id: True, everybody.bob.id: False}
    assert departure.posts == PostsFate.KEEP


def test_who_stayed_after_a_class_is_not_deleted_with_the_next(olga: Browser, app: Flask) -> None:
    invite(olga)
    olga.submit("/learn/class/end", {"what": "part"})
    assert names(app) == []
    assert "Ada Lovelace, Grace Hopper had an account already" in invite(olga).text
    page = olga.submit("/learn/class/end", {"what": "dismiss"}, follow_redirects=True).text
    assert "Accounts that will be deleted in 7 days: 0." in page
    assert names(app) == []


def test_who_chose_to_stay_is_not_dismissed_again_and_may_leave_by_themselves(olga: Browser, app: Flask) -> None:
    invite(olga, "Ada, ada@example.org")
    olga.submit("/learn/class/end", {"what": "dismiss"})
    with app.app_context():
        ada = db.session.scalars(select(User).where(User.email == "ada@example.org")).one()
        by = Person(ada.id, "Ada", ada.email, ada.role).viewer
        assert accounts.cancel_leaving(ada, by=by, now=clock.now())
        commit()
        assert class_service.accounts_to_delete() == []
        accounts.ask_to_leave(ada, PostsFate.KEEP, None, by=by, now=clock.now())
        commit()
    assert "going to be deleted" not in olga.get("/learn/class").text
    assert "Accounts that stay after all: 0." in olga.submit("/learn/class/keep", follow_redirects=True).text
    assert olga.submit("/learn/class/end", {"what": "anew"}).status_code == 303


def test_taking_it_back_brings_back_everybody_who_left_with_the_class(
    olga: Browser, everybody: Cast, app: Flask
) -> None:
    put_into_class(app, everybody.alice, everybody.bob)
    olga.submit(f"/learn/class/{everybody.bob.id}/out")
    invite(olga)
    olga.submit("/learn/class/end", {"what": "dismiss"})
    olga.submit("/learn/class/keep")
    assert set(names(app)) == {"ada@example.org", "grace@example.org", everybody.alice.email}


def test_who_is_going_to_be_deleted_sees_it_on_each_page_and_is_not_taken_out(
    olga: Browser, everybody: Cast, app: Flask, browser: Callable[[Person], Browser]
) -> None:
    put_into_class(app, everybody.bob, came_for_it=True)
    assert "Take out of the class" in olga.get(f"/learn/class/{everybody.bob.id}").text
    bob = browser(everybody.bob)
    assert "Your account will be deleted" not in bob.get("/").text
    olga.submit("/learn/class/end", {"what": "dismiss"})
    assert "Your account will be deleted on" in bob.get("/").text
    assert bob.get("/account").text.count("Your account will be deleted on") == 1
    assert "Each sees that on their pages, can take" in olga.get("/learn/class").text
    assert "Take out of the class" not in olga.get(f"/learn/class/{everybody.bob.id}").text


def test_a_class_that_begins_anew_keeps_its_room_open(olga: Browser, app: Flask) -> None:
    invite(olga)
    olga.submit("/learn/class/room", {"do": "open"})
    page = olga.submit("/learn/class/end", {"what": "anew", "close": "y"}, follow_redirects=True).text
    assert "The class begins anew" in page
    assert "The class room is open" in page
