"""The edge is killed, is missing, is told nonsense, or may not have its port: the blog goes on, or says why in one
sentence."""

import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from homeport.core.config import Config
from homeport.https.caddy import find
from tests.https.authority import make_certificate
from tests.https.blog import Blog, eventually, serving
from tests.https.lab import DOMAIN, Host, Lab, lab
from tests.patience import PATIENCE
from tests.serving.running import has_ended

SERVE = [sys.executable, "-m", "homeport.cli", "serve", "--domain", DOMAIN]
NOBODY = ["setpriv", "--inh-caps=-net_bind_service", "--bounding-set=-net_bind_service"]
"""Whoever is started so is root to files alone, not to ports."""


@pytest.fixture(scope="module")
def home() -> Iterator[Lab]:
    """A home connection, for all that need no certificate from outside."""
    with lab() as it:
        yield it


def one_sentence(host: Host, data: Path, *arguments: str, prefix: tuple[str, ...] = (), **settings: object) -> str:
    """The one sentence that `homeport serve` ends with, and exit code 2."""
    environ = [f"HOMEPORT_{name.upper()}={value}" for name, value in settings.items()]
    done = host.run(*prefix, "env", *environ, *SERVE, "--data", str(data), *arguments, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


AT_ONCE = 6


@contextmanager
def readers(blog: Blog, token: str) -> Iterator[list[tuple[float, int]]]:
    """Somebody logged in asks for their account all the time, in AT_ONCE windows; yields when they asked and what they
    got (0: nothing)."""
    got: list[tuple[float, int]] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            answer = blog.ask(f"https://{DOMAIN}/account", "-H", f"Cookie: __Host-sid={token}", "--max-time", "5")
            got.append((time.monotonic(), answer.status))

    threads = [threading.Thread(target=read) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def answered_after(at: float, got: list[tuple[float, int]]) -> bool:
    return any(when > at and status == 200 for when, status in got)


def logged_in(blog: Blog) -> str:
    """The session of a reader who has just logged in, through the edge."""
    command = [sys.executable, "-m", "homeport.cli", "user", "add", "charlie@example.com", "--name", "Charlie"]
    command += ["--role", "reader", "--password-stdin", "--data", str(blog.data)]
    blog.lab.home.run(*command, text="a long password of his\n")
    fields = ["--data-urlencode", "email=charlie@example.com", "--data-urlencode", "password=a long password of his"]
    answer = blog.ask(f"https://{DOMAIN}/login", *fields, "-H", "Sec-Fetch-Site: same-origin")
    assert answer.status == 303, answer
    found = next(part for part in answer.headers["set-cookie"].split(";") if "__Host-sid=" in part)
    return found.partition("=")[2]


def test_a_killed_edge_is_back_within_three_seconds_and_people_are_still_logged_in() -> None:
    with lab() as it, serving(it, https_method="internal") as blog:
        eventually(lambda: blog.ask(f"https://{DOMAIN}/").status == 200, "HTTPS")
        token = logged_in(blog)
        for _ in range(2):
            with readers(blog, token) as got:
                eventually(lambda: [status for _when, status in got][-3:] == [200] * 3, "answers")
                killed = blog.caddy()
                killed.send_signal(signal.SIGKILL)
                at = time.monotonic()
                eventually(partial(answered_after, at, got), "an answer", seconds=3)
            assert {status for _when, status in got} <= {200, 0}  # never the page for logging in


def test_its_port_is_nobody_elses_while_it_is_started_again(home: Lab) -> None:
    with serving(home, https_method="internal") as blog:
        blog.caddy().send_signal(signal.SIGKILL)
        take = "import socket; socket.create_server(('', 443))"
        assert "Address already in use" in home.home.run(sys.executable, "-c", take, check=False).stderr
        eventually(lambda: blog.ask(f"https://{DOMAIN}/").status == 200, "HTTPS")


def test_the_blog_is_killed_and_no_edge_is_left(home: Lab) -> None:
    with serving(home, https_method="internal") as blog:
        caddy = blog.caddy()
        blog.process.kill()
        eventually(lambda: has_ended(caddy), "the end of Caddy")


def test_no_caddy_is_one_sentence(home: Lab, tmp_path: Path) -> None:
    said = one_sentence(home.home, tmp_path / "data", caddy="/no/such/caddy")
    assert "/no/such/caddy is not a program that can be run; see the setting caddy." in said


def test_a_caddy_of_ones_own_is_the_one_that_answers(home: Lab, tmp_path: Path) -> None:
    own = tmp_path / "caddy"
    shutil.copy(find(Config(data=tmp_path)), own)
    with serving(home, https_method="internal", caddy=own) as blog:
        eventually(lambda: blog.ask(f"https://{DOMAIN}/").status == 200, "HTTPS")
        assert blog.caddy().exe() == str(own)


def test_what_is_no_caddy_is_a_sentence(home: Lab, tmp_path: Path) -> None:
    said = one_sentence(home.home, tmp_path / "data", caddy="/bin/false")
    assert "Caddy refuses its configuration: it gives no reason." in said


def test_refused_configuration_is_a_sentence_with_what_caddy_says(home: Lab, tmp_path: Path) -> None:
    make_certificate(tmp_path, [DOMAIN])
    other = tmp_path / "other"
    other.mkdir()
    make_certificate(other, [DOMAIN])
    pair: dict[str, Any] = {"https_certificate": tmp_path / "certificate.pem", "https_key": other / "key.pem"}
    said = one_sentence(home.home, tmp_path / "data", https_method="files", **pair)
    assert "Caddy refuses its configuration: " in said
    assert "private key does not match public key" in said


def test_port_in_use_is_one_sentence_that_names_the_program(home: Lab, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "import socket, time; held = socket.create_server(('', 443)); print('held', flush=True); time.sleep(1000)"
    other = home.home.start(sys.executable, "-c", script, log=log)
    eventually(lambda: "held" in log.read_text(), "the other program")
    try:
        said = one_sentence(home.home, tmp_path / "data", https_method="internal")
        assert re.search(rf"Port 443 for HTTPS is in use by python\S* \(process {other.pid}\); end that", said), said
    finally:
        other.kill()
        other.wait()


def test_port_80_in_use_is_noted_and_the_blog_is_on_https(home: Lab) -> None:
    log = home.folder / "other.log"
    script = "import socket, time; held = socket.create_server(('', 80)); print('held', flush=True); time.sleep(1000)"
    other = home.home.start(sys.executable, "-c", script, log=log)
    eventually(lambda: "held" in log.read_text(), "the other program")
    try:
        with serving(home) as blog:
            blog.wait_for_https()
            assert "port 80 can't be used" in blog.said()
    finally:
        other.kill()
        other.wait()


def test_port_443_is_not_permitted_and_the_sentence_says_what_to_do(home: Lab) -> None:
    home.home.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=1024")
    data = home.folder / "nobodys"
    data.mkdir(exist_ok=True)
    data.chmod(0o777)
    said = one_sentence(home.home, data / "data", https_method="internal", prefix=tuple(NOBODY))
    assert "Port 443 for HTTPS is not permitted to you" in said
    assert "homeport service install" in said
    assert "--https-port" in said


def test_somebody_without_rights_serves_on_another_port(home: Lab) -> None:
    home.home.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=1024")
    data = home.folder / "nobodys"
    data.mkdir(exist_ok=True)
    data.chmod(0o777)
    log = home.folder / "nobodys.log"
    command = [*NOBODY, *SERVE, "--data", str(data / "second"), "--https-port", "8443"]
    process = home.home.start(*command, environ={"HOMEPORT_HTTPS_METHOD": "internal", "HOME": "/"}, log=log)
    try:
        eventually(lambda: f"Homeport is ready at https://{DOMAIN}:8443" in log.read_text(), "the blog")
        ask = ["curl", "-sk", "--resolve", f"{DOMAIN}:8443:127.0.0.1", f"https://{DOMAIN}:8443/"]
        eventually(lambda: "<title>" in home.home.run(*ask, check=False).stdout, "HTTPS")
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_data_directory_that_can_only_be_read_is_one_sentence(home: Lab) -> None:
    assert "/proc/data can't be written" in one_sentence(home.home, Path("/proc/data"))


def test_folder_of_the_edge_that_can_only_be_read_is_one_sentence(home: Lab, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "caddy").symlink_to("/proc")
    assert "data/caddy can't be written" in one_sentence(home.home, tmp_path / "data")


def test_data_directory_with_too_long_a_path_is_one_sentence(home: Lab, tmp_path: Path) -> None:
    said = one_sentence(home.home, tmp_path / ("long" * 40))
    assert "is too long for the sockets in it; choose one of at most" in said


def test_domain_with_a_port_is_one_sentence(home: Lab, tmp_path: Path) -> None:
    said = one_sentence(home.home, tmp_path / "data", "--domain", f"{DOMAIN}:8443")
    assert "must be without a port; set that with --https-port" in said


def test_method_files_without_files_is_one_sentence(home: Lab, tmp_path: Path) -> None:
    assert "needs https_certificate and https_key" in one_sentence(home.home, tmp_path / "data", https_method="files")


def test_blog_that_is_down_for_long_says_so_in_words_and_readers_of_short_breaks_wait(home: Lab) -> None:
    with serving(home, https_method="internal") as blog:
        eventually(lambda: blog.ask(f"https://{DOMAIN}/").status == 200, "HTTPS")
        blog.process.send_signal(signal.SIGSTOP)  # nobody starts the web server again
        try:
            for process in blog.web_processes():
                process.kill()
            answer = blog.ask(f"https://{DOMAIN}/")
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            assert "Please try again in a few seconds." in answer.body
        finally:
            blog.process.send_signal(signal.SIGCONT)
        assert blog.ask(f"https://{DOMAIN}/").status == 200  # one try: it waits until the web server is there
