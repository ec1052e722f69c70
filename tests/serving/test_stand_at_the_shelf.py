"""Where Caddy stands, whose name says which pages it may give out."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from homeport.core.config import Config, ConfigError
from homeport.https.caddy import end
from homeport.https.shelf import NONE, folder, is_there, leave, show, shown, stand, take_down
from tests.serving.at_the_edge import behind_an_edge


@pytest.fixture
def config(tmp_path: Path) -> Config:
    it = behind_an_edge(Config(data=tmp_path))
    it.caddy_folder.mkdir(mode=0o700)
    return it


STANDS = """
import os, sys
from pathlib import Path
from homeport.core.config import Config, ConfigError
from homeport.https.caddy import end
from homeport.https.shelf import stand

config = Config(data=Path(sys.argv[1]), domain="blog.example.com", https_method="internal")
stand(config)
for _ in sys.stdin:
    print(Path(os.getcwd()).name, flush=True)
"""


def test_caddy_knows_the_version_by_the_name_of_the_folder_it_stands_in(config: Config) -> None:
    command = [sys.executable, "-c", STANDS, str(config.data)]
    for earlier in ("", "over"):  # at its first start, and after it had been told to end
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as caddy:

            def name(process: subprocess.Popen[str] = caddy) -> str:
                assert process.stdin
                assert process.stdout
                process.stdin.write("\n")
                process.stdin.flush()
                return process.stdout.readline().strip()

            assert name() == "none", earlier
            show(config, 17)
            assert (name(), shown(config)) == ("17", 17)
            take_down(config)
            assert (name(), shown(config)) == ("none", None)
            leave(config)
            assert (name(), shown(config)) == ("over", None)
            with pytest.raises(FileNotFoundError):
                show(config, 18)


def test_pages_are_given_out_again_where_caddy_could_not_be_told_to_end(config: Config) -> None:
    (folder(config) / NONE).mkdir(parents=True)
    with pytest.raises(ConfigError, match="Caddy can't be reached"):
        end(config)
    show(config, 17)
    assert shown(config) == 17


def test_caddy_can_be_started_while_the_folder_is_renamed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder(config) / "17").mkdir(parents=True)
    real, here = os.chdir, Path.cwd()

    def late(path: Path) -> None:
        monkeypatch.setattr(os, "chdir", real)
        take_down(config)
        real(path)

    monkeypatch.setattr(os, "chdir", late)
    try:
        stand(config)
        assert Path.cwd().name == NONE
    finally:
        real(here)


@pytest.mark.parametrize("left", ["none", "over"])
def test_no_version_is_left_standing_beside_another_folder(config: Config, left: str) -> None:
    for name in ("17", left):
        (folder(config) / name).mkdir(parents=True)
    assert shown(config) == 17
    take_down(config)
    assert shown(config) is None


def test_there_is_none_without_an_edge_or_beside_a_database_server(config: Config) -> None:
    assert is_there(config)
    assert not is_there(replace(config, domain=""))
    assert not is_there(replace(config, https_method="off"))
    assert not is_there(replace(config, database_url="postgresql://localhost/blog"))
    assert not is_there(replace(config, cache_megabytes=0))
