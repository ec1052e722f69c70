"""A real blog of 745 posts is brought along, and every address of it is asked for."""

from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.interop.generators import detect
from homeport.interop.pictures import Pictures
from homeport.interop.report import Outcome, Report
from homeport.interop.service import FolderImport
from homeport.interop.sources import NotAPost, Source, find, read
from homeport.media.models import Media
from homeport.posts.models import Post
from tests.cast import Cast
from tests.conftest import Browser
from tests.parts import require_real

POSTS, ALIASES = 745, 735


@pytest.fixture
def content() -> Path:
    """The real posts, which are not part of the project."""
    return require_real() / "rust-blog" / "content"


def expected(root: Path) -> list[Source]:
    """What the files themselves say about addresses."""
    found = []
    for path in find(root, detect(root)):
        try:
            found.append(read(root, path, detect(root), ZoneInfo("UTC")))
        except NotAPost:
            continue
    return found


def bring(app: Flask, author_id: int, content: Path) -> Report:
    """Import the blog as the command does."""
    config: Config = app.config["HOMEPORT"]
    now = clock.now()
    with app.app_context():
        pictures = Pictures(config.media, author_id, now, dry_run=False)
        run = FolderImport(content, author_id, pictures, ZoneInfo("UTC"), now, dry_run=False)
        return run.run(lambda _done, _total: commit())


def test_every_address_of_a_real_blog_still_works(app: Flask, everybody: Cast, content: Path) -> None:
    report = bring(app, everybody.alice.id, content)
    client = cast(Browser, app.test_client())
    assert report.count(Outcome.CREATED) == POSTS
    assert report.count(Outcome.FAILED) == 0
    assert report.count(Outcome.SKIPPED) == 4

    posts = expected(content)
    not_served = [post.address for post in posts if client.get(f"/{post.address}").status_code != 200]
    assert (len(posts), not_served) == (POSTS, [])
    aliases = {alias: post.address for post in posts for alias in post.aliases}
    lost = [
        alias
        for alias, address in aliases.items()
        if (answer := client.get(f"/{alias}")).status_code != 301 or not answer.location.endswith(f"/{address}")
    ]
    assert (len(aliases), lost) == (ALIASES, [])

    pictures_show(app, client, content, report)
    again = bring(app, everybody.alice.id, content)
    assert again.count(Outcome.UNCHANGED) == POSTS
    assert again.count(Outcome.CREATED) + again.count(Outcome.UPDATED) == 0


def pictures_show(app: Flask, client: Browser, content: Path, report: Report) -> None:
    """Each picture a post shows is served as one; each reference to a file that is not there is listed."""
    with app.app_context():
        bodies = db.session.scalars(select(Post.body)).all()
        names = set(db.session.scalars(select(Media.name)))
    shown = {name for body in bodies for name in names if f"/media/{name}" in body}
    assert len(shown) == len(report.pictures) == len(names) > 200
    assert {client.get(f"/media/{name}").headers["Content-Type"].split("/")[0] for name in names} == {"image"}
    listed = [(file, remark.split(": ")[1]) for file, _, remark in report.lines() if "picture leads nowhere" in remark]
    assert listed
    assert [there for file, name in listed if (there := (content / file).parent / name).exists()] == []
