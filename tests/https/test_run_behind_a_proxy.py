"""The recipes of docs/proxies.md for nginx and Caddy, as they stand there, in front of a blog that really runs."""

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from homeport.accounts.throttle import NETWORK
from tests.cast import PASSWORD
from tests.https.authority import make_certificate
from tests.https.blog import Answer, curl
from tests.parts import ROOT, require
from tests.patience import PATIENCE
from tests.serving.running import Running, free_port, running

DOMAIN, READER = "blog.example.com", "127.0.0.5"
EMAIL = "olga@example.com"
SPOOFED = (
    "X-Forwarded-For: 203.0.113.9",
    "X_Forwarded_For: 203.0.113.9",
    "X-Forwarded-Proto: http",
    "X_Forwarded_Proto: http",
    "X-Forwarded-Host: evil.example",
    "X_Forwarded_Host: evil.example",
    "X-Forwarded-Prefix: /evil",
    "X-Real-IP: 203.0.113.9",
    "Forwarded: for=203.0.113.9;host=evil.example;proto=http",
)


def recipe(kind: str) -> str:
    """The one block of this kind in the document."""
    found = re.findall(rf"```{kind}\n(.*?)```", (ROOT / "docs/proxies.md").read_text(), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


class Proxy(NamedTuple):
    """A proxy that runs, and the blog behind it."""

    blog: Running
    folder: Path
    https: int
    http: int

    def ask(self, path: str, *options: str, scheme: str = "https") -> Answer:
        """What a reader gets, who comes from 127.0.0.5 while the proxy is 127.0.0.1."""
        port = self.https if scheme == "https" else self.http
        reach = ["--interface", READER, "--resolve", f"{DOMAIN}:{port}:127.0.0.1"]
        return curl([], f"{scheme}://{DOMAIN}:{port}{path}", *reach, *options, roots=self.folder / "root.pem")

    def post(self, path: str, fields: dict[str, str], *options: str) -> Answer:
        """Send a form as the browser does that keeps the cookies of this reader."""
        sent = [part for name, value in fields.items() for part in ("--data-urlencode", f"{name}={value}")]
        jar = str(self.folder / "cookies")
        own = ["--header", "Sec-Fetch-Site: same-origin", "--header", f"Origin: https://{DOMAIN}"]
        return self.ask(path, "--cookie", jar, "--cookie-jar", jar, *own, *sent, *options)


def nginx(folder: Path, text: str, https: int, http: int) -> list[str]:
    """nginx's command line; its recipe with the ports and files of the test."""
    for port, ours in ((80, http), (443, https)):
        text = re.sub(rf"listen {port}\b", f"listen 127.0.0.1:{ours}", text)
        text = re.sub(rf"listen \[::\]:{port}\b", f"listen [::1]:{ours}", text)
    text = text.replace(f"/etc/letsencrypt/live/{DOMAIN}/fullchain.pem", str(folder / "certificate.pem"))
    text = text.replace(f"/etc/letsencrypt/live/{DOMAIN}/privkey.pem", str(folder / "key.pem"))
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if Path("/root").stat().st_uid == 0 and folder.owner() == "root" else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"{user} pid {folder}/pid; error_log {folder}/errors; daemon off; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}"
    )
    return [require("nginx", package="nginx"), "-p", str(folder), "-c", str(config)]


def caddy(folder: Path, text: str, https: int, http: int) -> list[str]:
    """Caddy's command line; its recipe with the ports and files of the test."""
    text = text.replace(
        f"{DOMAIN} {{", f"{DOMAIN} {{\n\tbind 127.0.0.1\n\ttls {folder}/certificate.pem {folder}/key.pem"
    )
    head = f"{{\n\tadmin off\n\thttps_port {https}\n\thttp_port {http}\n\tstorage file_system {folder}\n}}\n"
    (folder / "Caddyfile").write_text(head + text)
    return [str(Path(sys.executable).with_name("caddy")), "run", "--config", str(folder / "Caddyfile")]


PROXIES = {"nginx": nginx, "caddyfile": caddy}


@contextmanager
def in_front(kind: str, folder: Path, settings: dict[str, Any]) -> Iterator[Proxy]:
    """The proxy of a recipe, in front of a blog with these settings."""
    https, http = free_port(), free_port()
    make_certificate(folder, [DOMAIN])
    with running(folder / "data", **settings) as blog:
        text = recipe(kind).replace("127.0.0.1:8000", f"127.0.0.1:{blog.port}")
        command = PROXIES[kind](folder, text, https, http)
        with (folder / "proxy.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            proxy = Proxy(blog, folder, https, http)
            try:
                deadline = time.monotonic() + PATIENCE
                while proxy.ask("/healthz").status != 200:
                    assert process.poll() is None, (folder / "proxy.log").read_text()
                    assert time.monotonic() < deadline, (folder / "proxy.log").read_text()
                    time.sleep(0.05)
                yield proxy
            finally:
                process.terminate()


@pytest.fixture(scope="module", params=PROXIES)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    kind: str = request.param
    if kind == "nginx":
        require("nginx", package="nginx")
    folder = tmp_path_factory.mktemp(kind)
    data = folder / "data"
    data.mkdir()
    (data / "homeport.toml").write_text(recipe("toml"))
    add = [sys.executable, "-m", "homeport.cli", "user", "add", EMAIL, "--name", "Olga", "--role", "reader"]
    subprocess.run(
        [sys.executable, "-m", "homeport.cli", "db", "upgrade", "--data", str(data)], check=True, capture_output=True
    )
    subprocess.run(
        [*add, "--data", str(data), "--password-stdin"], input=PASSWORD, text=True, check=True, capture_output=True
    )
    with in_front(kind, folder, {}) as proxy:
        yield proxy


def stored(blog: Running, question: str) -> set[str]:
    """The one column of an answer of the blog's database."""
    with closing(sqlite3.connect(blog.data / "homeport.db")) as database:
        return {row[0] for row in database.execute(question)}


def headers(*lines: str) -> list[str]:
    return [part for line in lines for part in ("--header", line)]


def test_pages_come_with_links_to_https(proxy: Proxy) -> None:
    page = proxy.ask("/")
    assert page.status == 200
    assert f'<link rel="canonical" href="https://{DOMAIN}/">' in page.body
    assert page.headers["strict-transport-security"]
    assert "http://" not in page.body


def test_who_comes_without_https_is_led_to_it(proxy: Proxy) -> None:
    led = proxy.ask("/archive?page=2", scheme="http")
    assert led.status == 308
    assert re.fullmatch(rf"https://{DOMAIN}(:\d+)?/archive\?page=2", led.headers["location"])


def test_spoofed_headers_change_nothing(proxy: Proxy) -> None:
    assert proxy.ask("/", *headers(*SPOOFED)).body == proxy.ask("/").body
    form = {"email": "nobody@example.com", "password": "wrong wrong wrong"}
    assert proxy.post("/login", form, *headers(*SPOOFED)).status == 422
    counted = stored(proxy.blog, "SELECT subject FROM attempts WHERE subject LIKE 'network:%'")
    assert counted == {NETWORK.subject(READER)}


def test_logging_in_works_and_shows_where_from(proxy: Proxy) -> None:
    done = proxy.post("/login", {"email": EMAIL, "password": PASSWORD}, *headers(*SPOOFED))
    assert (done.status, "__Host-sid=" in done.headers["set-cookie"]) == (303, True)
    assert "Secure" in done.headers["set-cookie"]
    assert proxy.ask("/account", "--cookie", str(proxy.folder / "cookies")).status == 200
    assert stored(proxy.blog, "SELECT address FROM auth_sessions") == {READER}


def test_a_large_picture_gets_through_to_the_blog(proxy: Proxy) -> None:
    """Refused by the blog, which knows nobody who sent it, and not by the proxy for its size."""
    large = proxy.folder / "large"
    large.write_bytes(bytes(15 * 1024 * 1024))
    answer = proxy.ask("/login", "--form", f"picture=@{large}", *headers("Accept: application/json"))
    assert (answer.status, "cross_site" in answer.body) == (403, True)
