"""The power fails: what comes back is the blog as it was after one of its last saves, whole."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from homeport.core import site
from homeport.core.config import Config
from homeport.core.db import commit, db, site_version
from homeport.migrations import is_current

SAVES = 40


@pytest.fixture
def lost(app: Flask, config: Config, tmp_path: Path) -> Path:
    """A copy of the files of a blog that was saved SAVES times, each time with the save's number in three places."""
    with app.app_context():
        start = site_version()
        db.session.rollback()
        for number in range(1, SAVES + 1):
            site.change(title=f"{number}", footer=f"{number}" * 200, posts_per_page=number)
            commit()
        assert site_version() == start + SAVES
        db.session.rollback()
        copy = tmp_path / "copy"
        copy.mkdir()
        for end in ("", "-wal"):  # while the blog still has them open, as when the plug is pulled
            shutil.copy(config.data / f"homeport.db{end}", copy / f"homeport.db{end}")
    return copy


def test_whatever_is_left_of_the_log_the_blog_is_whole_and_as_after_one_save(lost: Path, tmp_path: Path) -> None:
    log = (lost / "homeport.db-wal").read_bytes()
    cuts = sorted({0, len(log), *random.Random(2).sample(range(len(log)), 60)})
    seen = [look_at(lost, log[:cut], tmp_path / f"cut-{cut}") for cut in cuts]
    assert seen == sorted(seen), "less of the log never brings back more"
    assert (seen[0], seen[-1]) == (0, SAVES)
    assert len(set(seen)) > 10


def test_a_log_with_a_damaged_byte_ends_where_it_is_damaged(lost: Path, tmp_path: Path) -> None:
    log = (lost / "homeport.db-wal").read_bytes()
    for number in random.Random(3).sample(range(len(log) // 2, len(log)), 10):
        damaged = bytearray(log)
        damaged[number] ^= 0xFF
        assert 0 < look_at(lost, bytes(damaged), tmp_path / f"damaged-{number}") <= SAVES


def look_at(lost: Path, log: bytes, folder: Path) -> int:
    """The number of the last save in the blog with this much of its log, after making sure that all of it is there."""
    folder.mkdir()
    shutil.copy(lost / "homeport.db", folder)
    (folder / "homeport.db-wal").write_bytes(log)
    assert is_current(Config(data=folder)), "it opens as it is, without anybody's hand"
    with closing(sqlite3.connect(folder / "homeport.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        found = dict(connection.execute("SELECT name, value FROM site_settings"))
        version = connection.execute("SELECT version FROM site_version").fetchone()[0]
    number = int(found.get("title", 0))
    assert found.get("footer", "") == (f"{number}" * 200 if number else "")
    assert int(found.get("posts_per_page", 0)) == number
    assert version >= number
    return number
