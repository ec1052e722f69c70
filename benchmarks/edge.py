"""How quickly the blog is read over HTTPS: `python -m benchmarks.edge [DATA]`.

A cached page through the edge (Caddy before the web server, both on one core; Caddy answers with it by itself once it
was asked for twice) beside Caddy alone on that core, which serves the same bytes over HTTPS as a file from the disk.
Same address, same TLS settings, kept connections, rounds interleaved. The third is that page at the owner's plain
address, where Caddy passes each request on.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.reading import imported, measure, middle, table, usual_post
from benchmarks.servers import Server, homeport, started
from homeport.core.config import Config
from homeport.https.caddy import find
from homeport.https.edge_tls import policies, tls
from tests.parts import require
from tests.serving.running import ask, free_port

EDGE, FILE, LOCAL = "page by the edge", "Caddy alone, file", "page by HTTP, edge"
AIM = 0.8
NAME = "localhost"
SETTINGS = {"HOMEPORT_HTTPS_METHOD": "internal", "HOMEPORT_DOMAIN": NAME}


@contextmanager
def blog(data: Path) -> Iterator[tuple[Server, Server]]:
    """The blog behind its edge; yields it by HTTPS, and by the plain address that the owner has."""
    port, https_port = free_port(), free_port()
    environ = {**SETTINGS, "HOMEPORT_HTTPS_PORT": str(https_port), "HOMEPORT_HTTP_PORT": str(free_port())}
    with started([*homeport(data), "--port", str(port)], port, environ) as server:
        yield replace(server, port=https_port, host=f"https://{NAME}"), server


@contextmanager
def caddy(folder: Path, path: str, page: bytes) -> Iterator[Server]:
    """Caddy alone with one file at `path`, by HTTPS with the settings of the edge."""
    config = Config(data=folder, domain=NAME, https_method="internal")
    port, plain = free_port(), free_port()
    file = folder / "files" / path.lstrip("/")
    file.parent.mkdir(parents=True)
    file.write_bytes(page)
    serve = [{"handle": [{"handler": "file_server", "root": str(folder / "files")}]}]
    off = {"automatic_https": {"disable": True}, "routes": serve}
    servers = {
        "https": {"listen": [f":{port}"], "tls_connection_policies": policies(config, [NAME]), **off},
        "plain": {"listen": [f"127.0.0.1:{plain}"], **off},
    }
    apps = {
        "http": {"http_port": plain, "https_port": port, "servers": servers},
        "tls": tls(config, [NAME], by_http=False),
        "pki": {"certificate_authorities": {"local": {"install_trust": False}}},
    }
    storage = {"module": "file_system", "root": str(folder / "storage")}
    content = {"admin": {"disabled": True, "config": {"persist": False}}, "storage": storage, "apps": apps}
    content["logging"] = {"logs": {"default": {"level": "ERROR"}}}
    (folder / "caddy.json").write_text(json.dumps(content))
    with started([find(config), "run", "--config", str(folder / "caddy.json")], plain) as server:
        yield replace(server, port=port, host=f"https://{NAME}")


def run(data: Path, folder: Path) -> bool:
    """All of it, on one blog; whether the aim was reached."""
    require("wrk", package="wrk")
    with ExitStack() as servers:
        secure, local = servers.enter_context(blog(data))
        path = usual_post(data)
        page = ask(local.port, path).body
        alone = servers.enter_context(caddy(folder, path, page))
        print(f"{path}: {len(page):,} bytes")
        time.sleep(3)  # the certificates are made, and the worker is set up
        seen = measure({FILE: (alone, path), EDGE: (secure, path), LOCAL: (local, path)})
    table(seen)
    pairs = list(zip(seen[EDGE], seen[FILE], strict=True))
    by_time = middle(one.per_second / two.per_second for one, two in pairs)
    by_cpu = middle(one.per_cpu_second / two.per_cpu_second for one, two in pairs)
    print(f"\n{EDGE} / {FILE}: {by_time:.2f} per second, {by_cpu:.2f} per CPU second   aim: {AIM}")
    return by_time >= AIM


def main() -> int:
    """0 when the aim was reached."""
    with tempfile.TemporaryDirectory(prefix="hp-bench-") as folder:
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "data"
        if not (data / "homeport.db").exists():
            imported(data)
        return 0 if run(data, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
