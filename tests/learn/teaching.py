"""What the tests of the class room share."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.learn import class_queries, primer, queries, service
from homeport.learn.models import LearnExercise, LearnPupil
from tests.cast import Cast, Person
from tests.conftest import Browser

LIST = "Ada Lovelace, ada@example.org\nGrace Hopper <grace@example.org>\n"


@pytest.fixture
def olga(everybody: Cast, browser: Callable[[Person], Browser]) -> Browser:
    return browser(everybody.olga)


def invite(teacher: Browser, people: str = LIST, **more: Any) -> TestResponse:
    return teacher.submit("/learn/class/invite", {"people": people, "role": "author"} | more)


def links(page: str) -> list[str]:
    return re.findall(r'<a href="http://localhost(?::\d+)?(/reset\?token=[\w-]+)"', page)


def names(app: Flask) -> list[str]:
    with app.app_context():
        return [user.email for _pupil, user in class_queries.everybody()]


def do_something(app: Flask, person: Person, slug: str, steps: int, exercise: str = "") -> None:
    chapter = primer.chapter(slug)
    assert chapter is not None
    with app.app_context():
        for step in sorted(queries.steps_of(chapter))[:steps]:
            service.note_step(chapter, step, done=True, by=person.viewer, now=clock.now())
        if exercise:
            db.session.add(LearnExercise(user_id=person.id, exercise=exercise, hints=1, done_at=clock.now()))
        commit()


def put_into_class(app: Flask, *people: Person, came_for_it: bool = False) -> None:
    with app.app_context():
        db.session.add_all(LearnPupil(user_id=one.id, joined_at=clock.now(), came_for_it=came_for_it) for one in people)
        commit()


def of_table(page: str, name: str) -> str:
    """The row of somebody, as text."""
    row = next(part for part in page.split("<tr>") if f">{name}<" in part)
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())
