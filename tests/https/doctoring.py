"""Running `homeport doctor` at home in the lab, and reading what it says."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.https.lab import DOMAIN, OUTSIDE, Host, Lab
from tests.patience import PATIENCE

HOMEPORT = str(Path(sys.executable).parent / "homeport")
Said = Mapping[str, Mapping[str, str]]


def command(lab: Lab, *arguments: str, data: Path | None = None, **settings: object) -> list[str]:
    """The command line of the doctor of a blog at home."""
    told = lab.environ(**{"domain": DOMAIN, "data": data or lab.folder / "nowhere", **settings})
    return ["env", *(f"{name}={value}" for name, value in told.items()), HOMEPORT, "doctor", *arguments]


def examine(lab: Lab, *, through: Sequence[str] = (), data: Path | None = None, **settings: object) -> Said:
    """What the doctor finds, by check. `through`: a program that runs it, with its arguments."""
    done = lab.home.run(*through, *command(lab, "--json", data=data, **settings), check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert done.returncode == (1 if to_mend(found) else 0), found
    return found


def to_mend(found: Said) -> list[str]:
    """The checks that found a cause, in order."""
    return [check for check, row in found.items() if row["mark"] == "mend"]


SERVER = """
import http.server, ssl, sys
server = http.server.ThreadingHTTPServer(("", int(sys.argv[1])), http.server.BaseHTTPRequestHandler)
if sys.argv[2:]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[2:])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening", flush=True)
server.serve_forever()
"""


@contextmanager
def listen(lab: Lab, host: Host, number: int, *, tls: bool = False) -> Iterator[int]:
    """Somebody's web server on a port of a host; yields the number of its process."""
    files = [str(lab.authority.pair)] * 2 if tls else []
    log = lab.folder / f"server-{number}.log"
    log.unlink(missing_ok=True)
    process = host.start(sys.executable, "-c", SERVER, str(number), *files, log=log)
    with listening(process, log):
        yield process.pid


@contextmanager
def listening(process: subprocess.Popen[str], log: Path) -> Iterator[None]:
    """Wait until a program has written that it listens, and end it afterwards."""
    deadline = time.monotonic() + PATIENCE
    while "listening" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def as_new(lab: Lab) -> Iterator[Lab]:
    """The lab as it was made: afterwards the router, the names and the authority are put right again."""
    yield lab
    router = lab.router
    router.forwarded, router.dropped, router.refused, router.answered = (80, 443), (), (), ()
    router.quiet.clear()
    router.apply()
    lab.names.set(DOMAIN, "A", OUTSIDE)
    lab.names.set(DOMAIN, "AAAA")
    lab.names.set(DOMAIN, "CAA")


def forward_nothing(lab: Lab) -> Lab:
    """Have the router let nobody in from outside, until `as_new` ends."""
    lab.router.forwarded = ()
    lab.router.apply()
    return lab
