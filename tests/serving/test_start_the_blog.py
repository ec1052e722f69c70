"""`homeport serve`: what it says when it starts, and the one sentence for each reason why it can't."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.serving.running import PATIENCE, Running, ask, free_port, has_ended, running

SERVE = [sys.executable, "-m", "homeport.cli", "serve"]


def refused(*arguments: str, **environ: str) -> str:
    """The one sentence `homeport serve` ends with, and exit code 2."""
    done = subprocess.run(
        [*SERVE, *arguments], env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("homeport: ")
    return done.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_first_start_prints_where_it_is_ready_and_the_owners_link(data: Path) -> None:
    with running(data) as blog:
        link = blog.setup_link()
        assert re.fullmatch(rf"http://localhost:{blog.port}/setup\?token=[\w-]{{43}}", link)
        with urllib.request.urlopen(link) as page:
            assert page.status == 200


def test_a_start_warns_of_nothing(data: Path) -> None:
    with running(data) as blog:
        assert blog.stop() == 0
        assert "WARNING" not in blog.log.read_text()


def test_a_command_beside_it_knows_the_address_it_was_given(data: Path) -> None:
    add = [*SERVE[:-1], "user", "add", "olga@example.com", "--name", "Olga", "--role", "owner", "--data", str(data)]
    with running(data) as blog:
        said = subprocess.run(add, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
        assert f"http://localhost:{blog.port}/reset?token=" in said


def test_second_start_prints_a_new_link_while_there_is_no_owner(data: Path) -> None:
    with running(data) as blog:
        first = blog.setup_link()
    with running(data) as blog:
        second = blog.setup_link()
        assert second.startswith("http://localhost:")
        assert second != first
        assert ask(blog.port, second.partition(str(blog.port))[2]).status == 200


def test_port_in_use_is_one_sentence(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert "is in use by another program" in refused("--data", str(data), "--port", port)


def test_port_of_another_blog_is_in_use_too(data: Path, tmp_path: Path) -> None:
    with running(data) as blog:
        said = refused("--data", str(tmp_path / "other"), "--port", str(blog.port))
    assert "is in use by another program" in said


def test_second_blog_on_the_same_data_is_refused(data: Path) -> None:
    with running(data):
        assert "already running" in refused("--data", str(data), "--port", str(free_port()))


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "not an address"])
def test_foreign_address_is_one_sentence(data: Path, host: str) -> None:
    said = refused("--data", str(data), "--host", host, "--port", str(free_port()))
    assert host in said
    assert "address" in said


def test_data_directory_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refused("--data", str(tmp_path / "file" / "data"))
    assert "can't be written: Not a directory" in said


def test_data_directory_that_can_only_be_read_is_one_sentence() -> None:
    # Of a file system that even root can't write to.
    said = refused("--data", "/proc/homeport-data", "--port", str(free_port()))
    assert "/proc/homeport-data can't be written" in said


@pytest.mark.parametrize(
    ("arguments", "environ", "named"),
    [
        (["--port", "0"], {}, "--port"),
        (["--port", "http"], {}, "--port"),
        (["--domain", "https://example.com/"], {}, "--domain"),
        ([], {"HOMEPORT_WEB_PROCESSES": "many"}, "HOMEPORT_WEB_PROCESSES"),
        ([], {"HOMEPORT_NO_SUCH": "1"}, "HOMEPORT_NO_SUCH"),
        ([], {"HOMEPORT_CACHE_MEGABYTES": "-1"}, "HOMEPORT_CACHE_MEGABYTES"),
    ],
)
def test_wrong_setting_is_one_sentence(data: Path, arguments: list[str], environ: dict[str, str], named: str) -> None:
    assert named in refused("--data", str(data), *arguments, **environ)


def test_damaged_database_ends_the_start_with_one_sentence(data: Path) -> None:
    data.mkdir()
    (data / "homeport.db").write_bytes(b"This is not a database. " * 100)
    blog = Running(data, free_port(), {})
    assert blog.end() in {1, 2}
    said = blog.log.read_text()
    assert "database" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_cleanly_when_asked(data: Path, number: int) -> None:
    with running(data) as blog:
        family = blog.family()
        assert blog.stop(number) == 0
        assert all(has_ended(process) for process in family)
    assert not list(data.glob("*.db-*"))  # each database is one whole file again, fit to be copied
