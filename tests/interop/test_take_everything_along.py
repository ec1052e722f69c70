"""Somebody asks for everything that the blog holds about them, and brings the posts to another blog."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.app import create_app
from homeport.core import clock, vault
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.ids import digest
from homeport.interop import exports
from homeport.interop.jobs import clean_exports
from homeport.interop.models import PersonalExport
from homeport.interop.pictures import Pictures
from homeport.interop.report import Outcome, Report
from homeport.interop.service import FolderImport
from homeport.jobs.models import Mail
from homeport.media import service as media
from homeport.migrations.runner import upgrade
from homeport.posts import service as posts
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.accounts.acts import grow_stale
from tests.cast import Cast, make_cast
from tests.conftest import Browser
from tests.interop.conftest import Exporting
from tests.interop.folders import png

TEXT = (
    "See ![a boat](/media/{name}), [the other](/posts/winds) and `/media/{name}`.\n\n---\n\n"
    '## Müll: "quoted"\n\n    indented\n'
)


def write(app: Flask, everybody: Cast) -> str:
    """A post of alice's in each state, with a picture; the picture's name."""
    config: Config = app.config["HOMEPORT"]
    with app.app_context():
        now, by = clock.now(), everybody.alice.viewer
        kept = media.store(png(), original_name="boat.png", owner_id=by.user_id, folder=config.media, now=now)
        text = TEXT.format(name=kept.name)
        for title in ("On tides", "Winds", "Idea: no", "Secret", "Bad"):
            tags = ("Sea", "a, b") if title == "On tides" else ()
            posts.create(by=by, now=now, draft=Draft(title, text, f"About {title}", tags))
        tides, winds, _idea, secret, bad = db.session.scalars(select(Post).order_by(Post.id)).all()
        posts.save(tides, by=by, now=now, seen_version=1, draft=Draft("On tides", text, "About", ("Sea", "a, b")))
        posts.publish(tides, by, now - timedelta(days=400))
        posts.schedule(winds, by, now, now + timedelta(days=9))
        posts.make_private(secret, by, now)
        posts.publish(bad, by, now)
        posts.trash(bad, by, now)
        name = kept.name
        commit()
    return name


def facts(app: Flask) -> dict[str, tuple[object, ...]]:
    """Every post's title, text, summary, tags, state and date, by address."""
    with app.app_context():
        return {
            post.path: (
                post.title,
                post.body,
                post.summary,
                [tag.name for tag in post.tags],
                post.status,
                post.scheduled_at or post.published_at if post.status in {"published", "scheduled"} else None,
            )
            for post in db.session.scalars(select(Post))
        }


def bring(app: Flask, author_id: int, root: Path) -> Report:
    """Run the import as the command does."""
    config: Config = app.config["HOMEPORT"]
    with app.app_context():
        now = clock.now()
        pictures = Pictures(config.media, author_id, now, dry_run=False)
        run = FolderImport(root, author_id, pictures, ZoneInfo("UTC"), now, dry_run=False)
        return run.run(lambda _done, _total: commit())


@pytest.fixture
def other_blog(tmp_path: Path) -> Iterator[tuple[Flask, Cast]]:
    """An empty blog."""
    config = Config(data=tmp_path / "other")
    config.data.mkdir()
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        everybody = make_cast("none")
    yield app, everybody
    with app.app_context():
        db.engine.dispose()


def test_the_posts_come_in_again_as_they_were(
    exporting: Exporting, other_blog: tuple[Flask, Cast], tmp_path: Path
) -> None:
    picture = write(exporting.app, exporting.everybody)
    exporting.everything().extractall(tmp_path / "zip")
    other, people = other_blog
    report = bring(other, people.bob.id, tmp_path / "zip")
    before = facts(exporting.app)
    assert before.pop("posts/bad")[4] == "trashed", "what was thrown away stays there"
    assert facts(other) == before
    assert {after[4] for after in facts(other).values()} == {"published", "scheduled", "draft", "private"}
    assert report.count(Outcome.FAILED) == 0
    assert [remark for _file, outcome, remark in report.lines() if outcome == "created"] == []
    assert (other.config["HOMEPORT"].media / picture).is_file()


def test_links_work_in_the_unpacked_folder(exporting: Exporting, tmp_path: Path) -> None:
    picture = write(exporting.app, exporting.everybody)
    exporting.everything().extractall(tmp_path)
    texts = [path for path in tmp_path.rglob("*.md") if "(../" in path.read_text()]
    assert {path.relative_to(tmp_path).parts[0] for path in texts} == {"content", "trash", "revisions"}
    for path in texts:
        link = re.search(r"\((\.\./[^)]+)\)", path.read_text())
        assert link
        assert (path.parent / link[1]).resolve() == tmp_path / "media" / picture
        assert (path.parent / link[1]).read_bytes() == (tmp_path / "media" / picture).read_bytes()
    assert f"`/media/{picture}`" in texts[0].read_text(), "what stands in code is left alone"


def test_only_its_owner_with_session_and_token_gets_the_file(
    exporting: Exporting, browser: Callable[..., Browser], client: Browser
) -> None:
    exporting.alice.submit("/account/export")
    exporting.make()
    token = exporting.token()
    bob = browser(exporting.everybody.bob)
    assert bob.submit("/account/export/file", {"token": token}).status_code == 404
    assert client.submit("/account/export/file", {"token": token}).status_code == 401
    for wrong in ("", "x" * 43, digest(token), exporting.row().digest or ""):
        assert exporting.alice.submit("/account/export/file", {"token": wrong}).status_code == 404
    answer = exporting.download()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=alice-")
    answer.close()
    events = exporting.alice.get("/account/security").text
    assert "Downloaded a copy of everything" in events
    with exporting.app.app_context():
        assert token not in "".join(str(row) for row in db.session.execute(select(PersonalExport.__table__)))
        told = db.session.scalars(select(Mail).where(Mail.to == exporting.everybody.alice.email)).one()
        assert "/account/export" in told.text
        assert token not in told.text


def test_a_day_later_it_is_gone(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    exporting.alice.submit("/account/export")
    exporting.make()
    token, now = exporting.token(), clock.now()
    assert len(exporting.files()) == 1
    stale = exporting.files()[0].with_name(".new-left-by-a-crash")
    stale.write_bytes(b"half")
    with exporting.app.app_context():
        exports.clean(exporting.app.config["HOMEPORT"].exports, now)
        commit()
        assert len(exporting.files()) == 2, "neither is old enough"
        row = db.session.scalars(select(PersonalExport)).one()
        row.expires_at = now
        commit()
    assert exporting.alice.submit("/account/export/file", {"token": token}).status_code == 404
    assert "Make my copy" in exporting.page()
    with exporting.app.app_context():
        exports.clean(exporting.app.config["HOMEPORT"].exports, now + timedelta(hours=2))
        commit()
        clean_exports()
        commit()
    assert exporting.files() == []


def test_files_and_folder_are_the_blogs_own(exporting: Exporting) -> None:
    exporting.everything()
    (file,) = exporting.files()
    assert (file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_asking_twice_makes_one_and_a_new_copy_takes_the_place_of_the_old(exporting: Exporting) -> None:
    for _ in range(2):
        exporting.alice.submit("/account/export")
    first = exporting.row().id
    assert "what makes it does not run just now" in exporting.page()
    assert "You can leave this page and come back." in exporting.page()
    assert '<noscript><meta http-equiv="refresh"' in exporting.page()
    exporting.make()
    assert 'http-equiv="refresh"' not in exporting.page()
    exporting.alice.submit("/account/export")
    assert exporting.row().id >= first
    assert exporting.files() == []
    exporting.make()
    assert len(exporting.files()) == 1


def test_a_disk_that_takes_nothing_is_told_and_can_be_tried_again(exporting: Exporting) -> None:
    folder: Path = exporting.app.config["HOMEPORT"].exports
    folder.write_text("a file where the folder should be")
    exporting.alice.submit("/account/export")
    exporting.make()
    page = exporting.page()
    assert "Your copy could not be made. The file could not be written:" in page
    assert "Try again" in page
    folder.unlink()
    exporting.everything()


def test_taking_along_asks_again_who_it_is(exporting: Exporting) -> None:
    exporting.alice.submit("/account/export")
    exporting.make()
    token, before = exporting.token(), exporting.row().id
    grow_stale(exporting.app)
    assert exporting.alice.get("/account/export").location == "/account/confirm?next=/account/export"
    for path, form in (("/account/export", {}), ("/account/export/file", {"token": token})):
        answer = exporting.alice.submit(path, form)
        assert answer.status_code == 401
        assert token not in answer.text
    assert exporting.row().id == before


def test_when_the_key_is_changed_a_new_copy_can_be_made(exporting: Exporting) -> None:
    config: Config = exporting.app.config["HOMEPORT"]
    exporting.alice.submit("/account/export")
    exporting.make()
    token = exporting.token()
    vault.add_key(config)
    assert exporting.token() == token, "the old key still counts"
    vault.drop_old_keys(config)
    assert "since the blog’s key was changed" in exporting.page()
    exporting.everything()
