"""The program Caddy: which one it is, what it says to a configuration, and becoming it."""

import ctypes
import json
import logging
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from homeport.core.config import Config, ConfigError
from homeport.https import attempts, refusals, shelf
from homeport.https.certificates import place
from homeport.https.edge import ADMIN_SOCKET, CHALLENGES, Sockets, configuration

CONFIGURATION = "caddy.json"
PR_SET_PDEATHSIG = 1
VALIDATION_SECONDS = 60
_MODULES = re.compile(r"(loading ([\w. ]*module|(new )?config|certificates)|provision [\w.]+|getting [\w.]+ app): ")
ADMIN_SECONDS = 30.0

log = logging.getLogger(__name__)


class Refused(ConfigError):
    """Caddy does not take a configuration, for a `reason` that ends without a full stop."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}.")
        self.reason = reason


def find(config: Config) -> str:
    """The program's path: the one of the settings, else what came along with Homeport, else what is installed.

    Raises ConfigError where there is none.
    """
    beside = str(Path(sys.executable).parent)
    found = shutil.which(config.caddy) if config.caddy else shutil.which("caddy", path=beside) or shutil.which("caddy")
    if found is None:
        raise ConfigError(
            f"{config.caddy} is not a program that can be run; see the setting caddy."
            if config.caddy
            else "Caddy, which does the HTTPS, is not installed; install it and set caddy to its path, or https_method "
            "to off."
        )
    return found


def prepare(config: Config, sockets: Sockets) -> Path:
    """Write the configuration into the folder of the edge once Caddy accepts it; returns its path.

    Raises ConfigError with what Caddy says where it does not.
    """
    path = make_folder(config) / CONFIGURATION
    new = path.with_suffix(".new")
    _drop_half_a_pair(config)
    _settle(config, new, sockets)
    _write(new, json.dumps(configuration(refusals.kept(config), sockets), indent=2))
    new.replace(path)
    attempts.begin(config)
    return path


def _settle(config: Config, new: Path, sockets: Sockets) -> None:
    """See whether Caddy takes the settings; with the method files, whether it takes the last pair it had instead."""
    try:
        _validate(config, new, sockets)
    except Refused as refused:
        if not refusals.has_kept(config):
            raise
        _validate(refusals.kept(config), new, sockets)
        refusals.note(config, refused.reason)
        log.error("%s", refusals.sentence(config))
    else:
        refusals.taken(config)


def _drop_half_a_pair(config: Config) -> None:
    # A power cut came between the new key and its certificate: Caddy would take neither, nor look for others.
    held = place(config)
    if config.https_method == "dns" and held.is_file():
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(held, held.with_suffix(".key"))
        except OSError:  # ssl.SSLError is one
            held.unlink()


def _validate(config: Config, path: Path, sockets: Sockets) -> None:
    # Without the part about logs, so that the reason of a refusal is said here.
    _write(path, json.dumps({**configuration(config, sockets), "logging": {}}))
    command = [find(config), "validate", "--config", str(path)]
    try:
        said = subprocess.run(  # noqa: S603 (the configured program)
            command,
            env=environ(config),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VALIDATION_SECONDS,
            pass_fds=sockets.all,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{command[0]} can't be run: {error}.") from None
    if said.returncode:
        raise Refused("Caddy refuses its configuration", _reason(said.stderr))


def make_folder(config: Config) -> Path:
    """The folder of the edge, made for its owner alone where it is not there yet. Raises ConfigError."""
    folder = config.caddy_folder
    try:
        (folder / CHALLENGES).mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"The folder {folder} can't be written: {error.strerror}.") from None
    return folder


def _write(path: Path, content: str) -> None:
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}.") from None


def _reason(said: str) -> str:
    """What Caddy says last, in one line, without the modules that the error came through and the full stop."""
    last = (said.strip().splitlines() or ["it gives no reason"])[-1]
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        known = json.loads(last)
        last = known.get("error") or known["msg"]
    return " ".join(_MODULES.sub("", last.removeprefix("Error: ")).split()).rstrip(".")


def environ(config: Config) -> dict[str, str]:
    """What Caddy is told: nothing of our settings, and to keep whatever it keeps in its folder."""
    # PWD says where we were started. Caddy would compare it with where it stands, for each page (`https/shelf.py`).
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOMEPORT_") and name != "PWD"}
    folder = str(config.caddy_folder)
    # It looks for memory to use again a quarter as often: 20 MB more under load, and a tenth more answers.
    # The limit is for the case of many readers at once: nearer to it, it looks more often.
    return {"GOGC": "400", "GOMEMLIMIT": "256MiB", **ours, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}


def become(config: Config, path: Path) -> NoReturn:
    """Turn this process into Caddy, which on Linux ends when the one that started it does, however that ended.

    The flag (prctl(2)) outlasts the change of the program, since that has no more rights than this one.
    """
    program, path = Path(find(config)).absolute(), path.absolute()
    system = ctypes.CDLL(None, use_errno=True)
    if shelf.is_there(config):
        shelf.stand(config)
    if hasattr(system, "prctl"):
        system.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if select.select([0], [], [], 0)[0]:
        sys.exit()  # it had gone before the flag was set: our standard input, which nobody writes to, has ended
    os.execve(program, [str(program), "run", "--config", str(path)], environ(config))  # noqa: S606 (no shell is meant)


def reload(config: Config, sockets: Sockets) -> None:
    """Have Caddy read certificate files and configuration again: no connection is lost, and it goes on as it did where
    it refuses. Raises ConfigError with what it says then, or where nobody answers."""
    try:
        _tell(config, "/load", json.dumps(configuration(config, sockets)).encode())
    except Refused as refused:
        refusals.note(config, refused.reason)
        raise
    refusals.taken(config)


def end(config: Config) -> None:
    """Have Caddy finish what it is at, and end; who watches it starts it again. Raises ConfigError where nobody
    answers."""
    shelf.leave(config)
    try:
        _tell(config, "/stop", b"")
    except ConfigError:
        shelf.come_back(config)
        raise


def _tell(config: Config, path: str, body: bytes) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Cache-Control: must-revalidate\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ADMIN_SECONDS)
            connection.connect(str(config.caddy_folder / ADMIN_SOCKET))
            connection.sendall(head.encode() + body)
            answer = connection.makefile("rb").read().decode(errors="replace")
    except OSError as error:
        raise ConfigError(f"Caddy can't be reached: {error.strerror or error}.") from None
    status, _, said = answer.partition("\r\n\r\n")
    if not status:
        raise ConfigError("Caddy ended before it answered.")
    if " 200 " not in status.splitlines()[0] + " ":
        raise Refused("Caddy goes on with what it had, and refuses what is new", _reason(said))
