"""How the edge speaks TLS and HTTP, looked at from outside."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.core.config import Config
from homeport.core.fixed_headers import fixed_headers
from tests.https.blog import Blog, serving
from tests.https.lab import DOMAIN, lab
from tests.parts import ROOT

HOME = f"https://{DOMAIN}/"


@pytest.fixture(scope="module")
def blog() -> Iterator[Blog]:
    """A blog with a certificate of the lab's authority."""
    with lab() as it, serving(it) as blog:
        blog.wait_for_https()
        yield blog


def scanner() -> Path:
    """sslyze, in an environment of its own: it wants an older cryptography than the blog."""
    folder, lock = ROOT / ".build" / "scan", ROOT / "requirements-scan.lock"
    python, made_from = folder / "bin" / "python", folder / "made-from"
    if not made_from.exists() or made_from.read_text() != lock.read_text():
        uv = [str(Path(sys.executable).with_name("uv"))]
        for command in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            ["pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(lock)],
        ):
            subprocess.run([*uv, *command], check=True)
        made_from.write_text(lock.read_text())
    return python


def test_sslyze_finds_mozillas_intermediate_profile(blog: Blog) -> None:
    roots = str(blog.lab.authority.roots())
    command = [str(scanner()), "-m", "sslyze", "--mozilla_config", "intermediate", "--certinfo_ca_file", roots]
    done = blog.lab.internet.run(*command, f"{DOMAIN}:443", check=False)
    assert f"{DOMAIN}:443: OK - Compliant." in done.stdout, done.stdout[-3000:]


@pytest.mark.parametrize(("option", "version"), [("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2")])
def test_http_1_and_2_answer(blog: Blog, option: str, version: str) -> None:
    roots = str(blog.lab.authority.roots())
    done = blog.lab.internet.run("curl", "-si", option, "--cacert", roots, HOME)
    assert done.stdout.startswith(f"{version} 200")
    assert 'h3=":443"' in done.stdout


def test_http_3_answers(blog: Blog) -> None:
    roots = str(blog.lab.authority.roots())
    same = len(blog.ask(HOME).body.encode())
    done = blog.lab.internet.run(sys.executable, "-m", "tests.https.http3", DOMAIN, "443", roots)
    assert done.stdout.split() == ["200", str(same)]


def test_pages_are_by_https_alone_for_two_years_and_say_so_once(blog: Blog) -> None:
    done = blog.lab.internet.run("curl", "-ski", HOME).stdout.lower()
    assert done.count("strict-transport-security: max-age=63072000") == done.count("strict-transport-security") == 1


@pytest.mark.parametrize("version", ["--tlsv1.0", "--tlsv1.1"])
def test_old_tls_is_refused(blog: Blog, version: str) -> None:
    assert (
        blog.ask(HOME, version, "--tls-max", version.removeprefix("--tlsv"), "--ciphers", "ALL:@SECLEVEL=0").status == 0
    )


def test_the_admin_endpoint_is_a_socket_of_the_owners_and_no_port(blog: Blog) -> None:
    rows = blog.lab.home.run("ss", "--no-header", "--listening", "--tcp", "--numeric").stdout.splitlines()
    assert {row.split()[3].rpartition(":")[2] for row in rows} == {"80", "443", "8000"}, "not 2019"
    found = (blog.data / "caddy/admin.sock").stat().st_mode
    assert (stat.S_ISSOCK(found), stat.S_IMODE(found)) == (True, 0o600)


def test_huge_head_is_refused(blog: Blog) -> None:
    big = [part for n in range(10) for part in ("-H", f"X-Big-{n}: {'x' * 6000}")]
    assert blog.ask(HOME, "--http1.1", *big).status == 431


def test_huge_body_is_refused_and_the_blog_goes_on(blog: Blog, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(bytes(17 * 1024 * 1024))
    body = ("--data-binary", f"@{tmp_path / 'body'}", "-H", "Sec-Fetch-Site: same-origin")
    for more in ((), ("-H", "Transfer-Encoding: chunked", "-H", "Expect:", "--http1.1")):
        answer = blog.ask(f"{HOME}login", *body, *more)
        assert answer.status == 413
        assert "<h1>What you sent is too large.</h1>" in answer.body
    program = blog.ask(f"{HOME}api/posts", *body)
    assert program.status == 413
    assert json.loads(program.body)["error"]["code"] == "too_large"
    assert blog.ask(HOME).status == 200


def test_what_the_edge_says_by_itself_carries_the_headers_of_every_page(blog: Blog, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(bytes(17 * 1024 * 1024))
    foreign = blog.ask(HOME, "-H", "Host: evil.example")
    large = blog.ask(f"{HOME}login", "--data-binary", f"@{tmp_path / 'body'}")
    assert (foreign.status, large.status) == (421, 413)
    stricter = {"Content-Security-Policy": "default-src 'none'"}
    for name, value in (fixed_headers(Config(data=Path(), domain=DOMAIN)) | stricter).items():
        assert foreign.headers[name.lower()] == large.headers[name.lower()] == value


def test_head_that_never_ends_is_given_up(blog: Blog) -> None:
    script = (
        "import socket, ssl; c = ssl._create_unverified_context();"
        f"s = c.wrap_socket(socket.create_connection(('{DOMAIN}', 443), 60), server_hostname='{DOMAIN}');"
        f"s.sendall(b'GET / HTTP/1.1\\r\\nHost: {DOMAIN}\\r\\nX-A: '); print(len(s.recv(1)))"
    )
    assert blog.lab.internet.run(sys.executable, "-c", script, check=False).stdout.strip() == "0"
