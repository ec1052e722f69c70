"""The x-ray of a blog whose database is PostgreSQL: the same story, with that database's own plans."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from homeport.core.config import Config
from homeport.core.db import db
from homeport.learn.xray_plans import plan
from tests.cast import Cast, make_cast
from tests.conftest import Browser, migrated_app
from tests.factories import make_post
from tests.learn.xraying import ask, records, switch
from tests.parts import postgresql

pytestmark = pytest.mark.usefixtures("with_learn")


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Flask]:
    """The application on a PostgreSQL server of its own."""
    with postgresql() as address:
        app = migrated_app(Config(data=tmp_path, database_url=address))
        yield app
        with app.app_context():
            db.engine.dispose()


def test_every_statement_has_a_plan_and_none_is_run_for_it(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        people: Cast = make_cast(password_hash)
        path = make_post(people.alice, "On tides", tags=("Sea",))
    olga = cast(Browser, blog.test_client()).login(people.olga)
    switch(olga)
    assert ask(olga, f"{path}").status_code == 200
    config: Config = blog.config["HOMEPORT"]
    shown = olga.get(f"/learn/xray/{records(config)[-1]['id']}").text
    assert "Index Scan" in shown or "Seq Scan" in shown
    with blog.app_context():
        gone = plan("DELETE users", "DELETE FROM posts WHERE posts.title LIKE %(title_1)s || '%%'", 0)
        assert any("Delete on posts" in line for line in gone)
        assert plan("SELECT", "SELECT * FROM not_there", 0) == []
        assert plan("SELECT", "SELECT 1 / 0", 0) == [], "which can be prepared, and not planned"
        left = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'homeport%%'"
        assert db.session.connection().exec_driver_sql(left).scalar_one() == 0
        assert db.session.connection().exec_driver_sql("SELECT count(*) FROM posts").scalar_one() == 1
        assert db.session.connection().exec_driver_sql("SHOW plan_cache_mode").scalar_one() == "auto"
