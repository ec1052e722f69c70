"""Somebody brings the database up to date by hand."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homeport.cli import group
from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.migrations import head, is_current


def upgrade(folder: Path) -> Result:
    return CliRunner().invoke(group, ["db", "upgrade", "--data", str(folder)], env={"HOMEPORT_DATA": ""})


def test_an_empty_folder_gets_a_database(tmp_path: Path) -> None:
    done = upgrade(tmp_path)
    assert done.exit_code == 0
    assert done.output == "Preparing the database …\nThe database is up to date.\n"
    assert is_current(Config(data=tmp_path))


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    upgrade(tmp_path)
    before = (tmp_path / "homeport.db").read_bytes()
    done = upgrade(tmp_path)
    assert (done.exit_code, done.output) == (0, "The database is up to date.\n")
    assert (tmp_path / "homeport.db").read_bytes() == before


def test_the_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    upgrade(tmp_path)
    with sqlite3.connect(tmp_path / "homeport.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = upgrade(tmp_path)
    assert isinstance(done.exception, Problem)
    assert done.exception.code == "database_newer"
    assert "9999" in done.exception.message
    assert head() != "9999"


@pytest.mark.parametrize("content", [b"", b"not a database" * 500])
def test_a_file_that_is_no_database_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "homeport.db").write_bytes(content)
    done = upgrade(tmp_path)
    if content:
        assert isinstance(done.exception, Problem)
        assert done.exception.code == "database_unavailable"
    else:
        assert done.exit_code == 0
