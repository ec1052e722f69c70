"""The same on PostgreSQL, for who has outgrown one machine: an export, and a deletion that leaves no row."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import String, cast, func, select, update

from homeport.accounts.departure_jobs import delete_departed_accounts
from homeport.accounts.models import Departure, User
from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import Base, commit, db
from homeport.interop import exports
from homeport.interop.jobs import make_exports
from homeport.migrations.runner import upgrade
from tests.cast import Cast, make_cast
from tests.factories import make_post
from tests.parts import postgresql
from tests.sentinels import MARK, plant


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[tuple[Flask, Cast]]:
    """A blog on a server of its own."""
    with postgresql() as address:
        config = Config(data=tmp_path, database_url=address)
        upgrade(config)
        app = create_app(config)
        with app.app_context():
            everybody = make_cast("none")
        yield app, everybody
        with app.app_context():
            db.engine.dispose()


def rows_with_the_word() -> dict[str, int]:
    """How many rows of each table hold the word that was planted; of the log's events, what tells of people."""
    found = {}
    for table in Base.metadata.sorted_tables:
        columns = [c for c in table.columns if c.name not in {"target", "hash", "details_digest", "digest"}]
        text = func.concat(*(cast(column, String) for column in columns))
        found[table.name] = db.session.scalar(select(func.count()).select_from(table).where(text.contains(MARK))) or 0
    return {name: count for name, count in found.items() if count}


def test_everything_can_be_taken_along_and_nothing_stays(blog: tuple[Flask, Cast]) -> None:
    app, everybody = blog
    config: Config = app.config["HOMEPORT"]
    with app.app_context():
        make_post(everybody.alice, "Kept", body="Words")
        exports.ask(everybody.alice.id, by=everybody.alice.viewer, folder=config.exports, now=clock.now())
        commit()
    planted = plant(app, everybody.alice, everybody.bob)
    with app.app_context():
        make_exports()
        commit()
        (file,) = config.exports.iterdir()
        with zipfile.ZipFile(file) as content:
            assert planted["users.bio"] in content.read("data/users.json").decode()
            assert len([name for name in content.namelist() if name.startswith("content/posts/")]) == 2
        assert len(rows_with_the_word()) > 15
        db.session.execute(update(Departure).values(due_at=clock.now(), posts="delete"))
        commit()
        delete_departed_accounts()
        commit()
        assert db.session.get(User, everybody.alice.id) is None
        assert rows_with_the_word() == {}
    assert list(config.exports.iterdir()) == []
