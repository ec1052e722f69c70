"""Somebody types `homeport db upgrade`."""

import stat
from pathlib import Path

from click.testing import CliRunner

from homeport.app import create_app
from homeport.cli import group
from homeport.core.config import Config, ConfigError
from homeport.migrations import is_current


def test_a_folder_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "not" / "yet"
    said = CliRunner().invoke(group, ["db", "upgrade", "--data", str(data)], obj=create_app)
    assert said.output.endswith("The database is up to date.\n")
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert is_current(Config(data=data))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = CliRunner().invoke(group, ["db", "upgrade", "--data", str(tmp_path / "file" / "data")], obj=create_app)
    assert isinstance(said.exception, ConfigError)
    assert said.exception.message.endswith("can't be written: Not a directory.")
