"""Somebody asks for everything that the blog holds about them, and brings the posts to another blog."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Column, LargeBinary, Table, insert, select
from werkzeug.test import TestResponse

from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import Base, commit, db
from homeport.core.ids import digest
from homeport.interop import exports, personal_data
from homeport.interop.jobs import clean_exports, make_exports
from homeport.interop.models import PersonalExport
from homeport.interop.personal_data import FOLLOWED, LEFT_OUT, NAMED_WITHOUT_A_KEY, NOT_FOLLOWED, name_of
from homeport.interop.pictures import Pictures
from homeport.interop.report import Outcome, Report
from homeport.interop.service import FolderImport
from homeport.jobs.models import Mail
from homeport.media import service as media
from homeport.migrations.runner import upgrade
from homeport.posts import service as posts
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast, make_cast
from tests.conftest import Browser
from tests.interop.folders import png
from tests.sentinels import plant

TEXT = (
    "See ![a boat](/media/{name}), [the other](/posts/winds) and `/media/{name}`.\n\n---\n\n"
    '## Müll: "quoted"\n\n    indented\n'
)


@dataclass
class Exporting:
    """A blog, and alice at her browser."""

    app: Flask
    everybody: Cast
    alice: Browser

    def make(self) -> None:
        """What the worker does."""
        with self.app.app_context():
            make_exports()
            commit()

    def page(self) -> str:
        return self.alice.get("/account/export").text

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.page())
        assert found, "there is nothing to download"
        return found[1]

    def download(self, **options: Any) -> TestResponse:
        return self.alice.submit("/account/export/file", {"token": self.token()}, **options)

    def everything(self) -> zipfile.ZipFile:
        """The whole way to the opened file."""
        assert self.alice.submit("/account/export").location == "/account/export"
        self.make()
        answer = self.download()
        assert answer.status_code == 200
        content = io.BytesIO(answer.data)
        answer.close()
        return zipfile.ZipFile(content)

    def row(self) -> PersonalExport:
        with self.app.app_context():
            return db.session.scalars(select(PersonalExport)).one()

    def files(self) -> list[Path]:
        folder: Path = self.app.config["HOMEPORT"].exports
        return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def exporting(app: Flask, everybody: Cast, browser: Callable[..., Browser]) -> Exporting:
    return Exporting(app, everybody, browser(everybody.alice))


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


def test_it_holds_a_row_of_every_table_that_knows_the_person(exporting: Exporting) -> None:
    exporting.alice.submit("/account/export")
    planted = plant(exporting.app, exporting.everybody.alice, exporting.everybody.bob)
    exporting.make()
    (file,) = exporting.files()
    with zipfile.ZipFile(file) as content:
        everything = "\n".join(content.read(name).decode(errors="replace") for name in content.namelist())
    tables = {table.name for table in Base.metadata.sorted_tables if _knows_people(table)}
    assert tables <= {column.partition(".")[0] for column in planted}
    written = {"posts.body", "revisions.body"}
    assert [column for column in planted.keys() - LEFT_OUT.keys() | written if planted[column] not in everything] == []
    assert [column for column in planted.keys() & LEFT_OUT.keys() - written if planted[column] in everything] == []
    assert exporting.everybody.bob.email not in everything, "of others it tells nothing"


def _knows_people(table: Table) -> bool:
    keys = {name_of(key.parent) for key in table.foreign_keys if key.column.table.name == "users"}
    return bool(keys - set(NOT_FOLLOWED)) or any(name_of(column) in NAMED_WITHOUT_A_KEY for column in table.columns)


def undecided(tables: list[Table]) -> list[str]:
    """A finding for each column that looks like a secret and is not left out, each key to somebody's own rows that is
    neither followed nor left, and each entry of the lists that names nothing.
    """
    person = personal_data.Person(1, "x@example.org", "x")
    about = personal_data.tables_about(person)
    found, known = [], set()
    for table in tables:
        known |= {name_of(column) for column in table.columns}
        if table in about:
            found += [f"{name_of(column)}: a secret?" for column in table.columns if _looks_secret(column)]
        for key in table.foreign_keys:
            own = key.column.table in about and key.column.table.name != "users"
            if own and name_of(key.parent) not in FOLLOWED | set(NOT_FOLLOWED):
                found.append(f"{name_of(key.parent)}: follow it, or not and why?")
    lists = set(LEFT_OUT) | set(NOT_FOLLOWED) | FOLLOWED | set(NAMED_WITHOUT_A_KEY)
    return found + [f"{name}: there is no such column" for name in sorted(lists - known)]


def _looks_secret(column: Column[Any]) -> bool:
    words = re.search(r"digest|hash|secret|sealed|token|challenge|salt|(^|_)key", column.name)
    return name_of(column) not in LEFT_OUT and bool(words or isinstance(column.type, LargeBinary))


def test_every_secret_and_every_key_has_been_thought_about() -> None:
    assert undecided(list(Base.metadata.sorted_tables)) == []


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
    assert "being made" in exporting.page()
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


def test_the_account_is_readable_json(exporting: Exporting) -> None:
    content = exporting.everything()
    (me,) = json.loads(content.read("data/users.json"))
    assert (me["email"], me["display_name"], me["role"]) == ("alice@example.com", "Alice", "author")
    assert "password_hash" not in me
    assert [event["action"] for event in json.loads(content.read("data/audit_events.json"))][-1] == "export_asked"
    readme = content.read("README.txt").decode()
    assert "Alice" in readme
    assert all(column in readme for column in LEFT_OUT)


def test_where_an_owner_was_stays_theirs(exporting: Exporting) -> None:
    with exporting.app.app_context():
        table = Base.metadata.tables["audit_events"]
        fill = {"at": clock.now(), "action": "role_changed", "target": "", "details_digest": "x"}
        for number, actor in ((901, exporting.everybody.olga.id), (902, None)):
            row = {"id": number, "actor_id": actor, "subject_id": exporting.everybody.alice.id, "hash": str(number)}
            db.session.execute(insert(table).values(**fill, **row))
            facts = {"address": f"192.0.2.{number % 100}", "before": "reader"}
            known = {"event_id": number, "salt": "x", "facts": facts}
            db.session.execute(insert(Base.metadata.tables["audit_details"]).values(**known))
        commit()
    events = json.loads(exporting.everything().read("data/audit_events.json"))
    facts_of = {event["id"]: event["facts"] for event in events}
    assert facts_of[901] == {"before": "reader"}
    assert facts_of[902] == {"address": "192.0.2.2", "before": "reader"}
