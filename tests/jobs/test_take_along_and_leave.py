"""The worker makes people's copies and deletes accounts: killed on the way, on a full disk, to the last byte."""

import os
import resource
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from homeport.accounts.models import Departure, User
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db, reading
from homeport.interop import exports
from homeport.interop.jobs import make_exports
from homeport.interop.models import PersonalExport
from homeport.jobs.models import Mail
from homeport.media import service as media
from homeport.media.models import Media
from homeport.posts.models import Post
from tests.cast import Cast
from tests.factories import make_post
from tests.interop.folders import png
from tests.jobs.conftest import StartWorker, wait_until
from tests.jobs.mailservers import Sink
from tests.sentinels import MARK, plant


def ask(app: Flask, everybody: Cast) -> None:
    """alice asks for her copy."""
    config: Config = app.config["HOMEPORT"]
    with app.app_context():
        exports.ask(everybody.alice.id, by=everybody.alice.viewer, folder=config.exports, now=clock.now())
        commit()


def row(app: Flask) -> PersonalExport:
    with app.app_context(), reading():
        return db.session.scalars(select(PersonalExport)).one()


def files(config: Config) -> list[str]:
    return sorted(path.name for path in config.exports.glob("*")) if config.exports.exists() else []


def add_heavy_pictures(app: Flask, everybody: Cast, count: int, size: int) -> None:
    """Pictures whose bytes no zip makes smaller."""
    config: Config = app.config["HOMEPORT"]
    config.media.mkdir(exist_ok=True)
    with app.app_context():
        for number in range(count):
            name = f"{number:064x}.png"
            (config.media / name).write_bytes(os.urandom(size))
            facts = {"content_type": "image/png", "size": size, "original_name": "x", "created_at": clock.now()}
            db.session.add(Media(name=name, owner_id=everybody.alice.id, **facts))
        commit()


def test_a_worker_killed_while_it_makes_a_copy_offers_none_and_makes_it_again(
    app: Flask, everybody: Cast, config: Config, start_worker: StartWorker
) -> None:
    add_heavy_pictures(app, everybody, 40, 4_000_000)
    ask(app, everybody)
    worker = start_worker()
    wait_until(lambda: any(name.startswith(".new-") for name in files(config)))
    worker.kill()
    worker.wait()
    assert row(app).ready_at is None
    assert [name for name in files(config) if name.endswith(".zip")] == []
    start_worker()
    wait_until(lambda: row(app).ready_at)
    file = config.exports / (row(app).file or "")
    with zipfile.ZipFile(file) as content:
        assert content.testzip() is None
        assert len([name for name in content.namelist() if name.startswith("media/")]) == 40
    with app.app_context():
        exports.clean(config.exports, clock.now() + exports.ORPHAN_AGE * 2)
        commit()
    assert files(config) == [file.name], "what the killed worker left is swept away"


@contextmanager
def disk_for(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes meanwhile; the system then says no, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_leaves_no_half_copy(app: Flask, everybody: Cast, config: Config) -> None:
    add_heavy_pictures(app, everybody, 4, 2_000_000)
    ask(app, everybody)
    with app.app_context(), disk_for(5_000_000):
        make_exports()
        commit()
    assert (row(app).failure or "").startswith("The file could not be written: ")
    assert files(config) == []
    ask(app, everybody)
    with app.app_context():
        make_exports()
        commit()
    assert len(files(config)) == 1


STAYS = ("audit_events.target", "audit_events.details_digest", "audit_events.hash", "invitations.digest")
"""Columns of rows that outlive a person; what stands in them tells of nobody."""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_of_a_person_is_left_in_any_file(
    app: Flask, everybody: Cast, config: Config, start_worker: StartWorker, sink: Sink
) -> None:
    alice = everybody.alice
    person = type(alice)(alice.id, f"{MARK} Name", f"{MARK}@a.b", alice.role)
    with app.app_context():
        named = update(User).where(User.id == alice.id)
        db.session.execute(named.values(display_name=person.name, email=person.email))
        commit()
        for number in range(300):  # pages are split and filled again, between those of others
            author, word = (alice, MARK) if number % 3 else (everybody.bob, "x")
            make_post(author, f"T{number}", body=f"{word} " * number)
        store: dict[str, Any] = {"owner_id": alice.id, "folder": config.media, "now": clock.now()}
        picture = media.store(png(), original_name=f"{MARK}.png", **store).name
        commit()
    planted = plant(app, person, everybody.bob)
    with app.app_context():
        db.session.execute(update(Departure).values(due_at=clock.now(), posts="delete"))
        commit()
    ask(app, everybody)
    assert MARK.encode() in b"".join(bytes_of(config.data).values())
    start_worker(sink.url)
    wait_until(lambda: _is_gone(app, alice.id))
    wait_until(lambda: len(sink.mails) >= 1 and _mails(app) == [everybody.bob.email])
    assert sink.mails[-1]["To"] == person.email
    log = config.data / "homeport.db-wal"
    wait_until(lambda: MARK.encode() not in log.read_bytes())
    left = bytes_of(config.data)
    assert [name for name, content in left.items() if picture.encode() in content or picture in name] == []
    for column in STAYS:
        left = {name: content.replace(planted[column].encode(), b"") for name, content in left.items()}
    assert [(name, around(content)) for name, content in left.items() if MARK.encode() in content] == []


def around(content: bytes) -> list[bytes]:
    """Where the word was found, for whoever reads that the test failed."""
    places = [at for at in range(len(content)) if content.startswith(MARK.encode(), at)]
    return [content[max(0, at - 40) : at + 40] for at in places[:5]]


def _is_gone(app: Flask, user_id: int) -> bool:
    with app.app_context(), reading():
        return db.session.get(User, user_id) is None


def _mails(app: Flask) -> list[str]:
    with app.app_context(), reading():
        return list(db.session.scalars(select(Mail.to)))


def test_everybody_else_keeps_what_is_theirs(app: Flask, everybody: Cast, start_worker: StartWorker) -> None:
    with app.app_context():
        make_post(everybody.alice, "Hers")
        make_post(everybody.bob, "His")
        due = {"asked_at": clock.now(), "due_at": clock.now(), "posts": "delete"}
        db.session.add(Departure(user_id=everybody.alice.id, **due))
        commit()
    start_worker()
    wait_until(lambda: _is_gone(app, everybody.alice.id))
    with app.app_context():
        assert list(db.session.scalars(select(Post.title))) == ["His"]
        assert {user.display_name for user in db.session.scalars(select(User))} == {"Olga", "Eve", "Bob", "Charlie"}
