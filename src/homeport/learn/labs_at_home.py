"""What runs in the small internet of the lab `port80`: readers, a plain web server at home, and the blog."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from homeport.learn.labs_network import DOMAIN, HOME, wait_until
from homeport.learn.labs_scene import stuck
from homeport.learn.labs_small_internet import SmallInternet

SECONDS = 3
"""How long a reader of this lab waits for an answer; a browser waits a minute or more."""
ADMIN = "127.0.0.1:2019"


def curl(it: SmallInternet, address: str, *, at_home: bool = False) -> tuple[bool, str]:
    """Whether a reader gets the page at an address, with a certificate that holds; and curl's own words."""
    host = it.home if at_home else it.internet
    roots = [] if at_home else ["--cacert", str(it.authority.roots())]
    options = ["--silent", "--show-error", "--output", "/dev/null", "--max-time", str(SECONDS), *roots]
    done = host.run("curl", *options, "--write-out", "%{http_code}", address, check=False)
    return done.returncode == 0 and done.stdout == "200", done.stderr.strip() or f"HTTP status {done.stdout}"


@contextmanager
def plain_server(it: SmallInternet) -> Iterator[Path]:
    """A web server at home that asks for a certificate by HTTP-01 alone, once it is told to; yields its folder."""
    folder = it.folder / "plain"
    (folder / "caddy").mkdir(parents=True)
    caddy = shutil.which("caddy", path=str(Path(sys.executable).parent)) or shutil.which("caddy")
    if caddy is None:
        raise stuck("Caddy is not installed")
    off = {"listen": ADMIN, "config": {"persist": False}}
    page = {"handle": [{"handler": "static_response", "body": "Hello from home.\n"}]}
    server = {"listen": [":80"], "routes": [page], "automatic_https": {"disable": True}}
    config = {
        "admin": off,
        "logging": _log(folder),
        "storage": {"module": "file_system", "root": str(folder / "caddy")},
    }
    config["apps"] = {"http": {"servers": {"plain": server}}}
    file = folder / "caddy.json"
    file.write_text(json.dumps(config))
    process = it.home.start(caddy, "run", "--config", str(file), log=folder / "said")
    try:
        if not wait_until(lambda: curl(it, f"http://{HOME}/", at_home=True)[0]):
            raise stuck(f"the web server did not start: {(folder / 'said').read_text()[-500:]}")
        yield folder
    finally:
        process.terminate()
        process.wait()


def _log(folder: Path) -> dict[str, object]:
    writer = {"output": "file", "filename": str(folder / "caddy" / "log.json")}
    return {"logs": {"default": {"writer": writer, "encoder": {"format": "json"}}}}


def ask_by_http(it: SmallInternet) -> None:
    """Tell the plain web server to ask for a certificate, by HTTP-01 and no other way."""
    challenges = {"tls-alpn": {"disabled": True}}
    root = [str(it.authority.root_file)]
    issuer = {"module": "acme", "ca": it.authority.directory, "challenges": challenges, "trusted_roots_pem_files": root}
    tls = {
        "certificates": {"automate": [DOMAIN]},
        "automation": {"policies": [{"subjects": [DOMAIN], "issuers": [issuer]}]},
    }
    it.home.run("curl", "-sS", "-X", "PUT", "-H", "Content-Type: application/json", "-d", json.dumps(tls),
                       f"http://{ADMIN}/config/apps/tls")  # fmt: skip


@contextmanager
def blog(it: SmallInternet, name: str, *arguments: str, **settings: object) -> Iterator[Path]:
    """`homeport serve` at home; yields its data directory."""
    data, log = it.folder / name, it.folder / f"{name}.log"
    command = [sys.executable, "-P", "-m", "homeport.cli", "serve", "--data", str(data), "--domain", DOMAIN, *arguments]
    process = it.home.start(*command, environ=it.environ(**settings), log=log)
    try:
        if not wait_until(lambda: process.poll() is not None or "Homeport is ready" in log.read_text()):
            raise stuck("the blog did not start in time")
        if process.poll() is not None:
            raise stuck(f"the blog did not start: {log.read_text()[-500:]}")
        yield data
    finally:
        process.terminate()
        process.wait()
