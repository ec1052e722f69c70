"""The blog's database is PostgreSQL, which holds columns to their length: an import comes in there just as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.interop.report import Outcome
from homeport.migrations.runner import upgrade
from tests.cast import make_cast
from tests.interop.folders import ZOLA
from tests.interop.test_bringing_a_blog_along import Blog
from tests.parts import postgresql


@pytest.fixture
def blog(tmp_path: Path, password_hash: str) -> Iterator[Blog]:
    """An empty blog on a PostgreSQL server of its own, and an empty folder."""
    (tmp_path / "old").mkdir()
    with postgresql() as address:
        config = Config(data=tmp_path / "data", database_url=address)
        upgrade(config)
        app: Flask = create_app(config)
        with app.app_context():
            everybody = make_cast(password_hash)
        yield Blog(app, everybody, tmp_path / "old")
        with app.app_context():
            db.engine.dispose()


def test_posts_come_in_and_what_does_not_fit_is_told(blog: Blog) -> None:
    long = {
        "content/many.md": f"+++\ntitle = 'Many'\ndate = 2020-01-01\nauthors = ['{'A' * 300}', 'Bo']\n+++\nText\n",
        "content/title.md": f"+++\ntitle = '{'T' * 400}'\ndate = 2020-01-01\n+++\nText\n",
        "content/summary.md": f"+++\ntitle = 'S'\ndate = 2020-01-01\ndescription = '{'S' * 2000}'\n+++\nText\n",
        "content/tag.md": f"+++\ntitle = 'Tag'\ndate = 2020-01-01\n[taxonomies]\ntags = ['{'t' * 200}']\n+++\nText\n",
        f"content/{'d' * 200}/{'e' * 200}/{'f' * 200}.md": "+++\ntitle = 'Deep'\ndate = 2020-01-01\n+++\nText\n",
        "content/nul.md": '+++\ntitle = "a\\u0000b"\ndate = 2020-01-01\nauthors = ["c\\u0000d"]\n+++\nText\n',
        "content/old.md": "+++\ntitle = 'Old'\ndate = 0001-01-01\n+++\nText\n",
    }
    report = blog.bring({**ZOLA, **long})
    outcomes = {entry.file: entry.outcome for entry in report.entries}
    assert outcomes["content/blog/2020-03-04-sea.md"] is Outcome.CREATED
    assert {name for name in long if outcomes.get(name) is None} == set(), "each file is told of"
    assert "blog/sea" in blog.posts()
    again = blog.bring()
    assert not [entry for entry in again.entries if entry.outcome is Outcome.UPDATED]
