"""Whether this account may listen on a port, and who does if not."""

import errno
import os
import pwd
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from homeport.core.config import Config

_LISTENS = "0A"  # include/net/tcp_states.h
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


class State(Enum):
    """What came of trying to take a port."""

    FREE = "free"
    TAKEN = "taken"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Holder:
    """Who listens on a port: the processes that have it open, where this account may see them, and their account."""

    program: str
    pids: tuple[int, ...]
    account: str


@dataclass(frozen=True)
class Port:
    """One port of this machine. `is_edge`: it is the blog's own edge that has it."""

    number: int
    state: State
    holder: Holder | None = None
    is_edge: bool = False


def examine(number: int, config: Config) -> Port:
    """Try the port; nothing listens on it for this.

    Linux looks whether an account may have a port before whether anybody has it (inet_bind), so to an account that may
    not, as beside a service, the port of the running blog is forbidden. A port that is listened on is taken either way.
    """
    state = _try(number)
    holder = None if state is State.FREE else find_holder(number)
    if state is State.FREE or (state is State.FORBIDDEN and holder is None):
        return Port(number, state)
    return Port(number, State.TAKEN, holder, _is_edge(holder, config))


def _try(number: int) -> State:
    for family, every in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 (it does not listen)
        try:
            with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family is socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((every, number))
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EPERM}:
                return State.FORBIDDEN
            if error.errno == errno.EADDRINUSE:
                return State.TAKEN
            # No IPv6 here: then it is free as far as it goes.
    return State.FREE


def holder(number: int) -> str:
    """The program that listens on a TCP port, such as `nginx (process 4711)`; "" where that can't be seen."""
    found = find_holder(number)
    return f"{found.program} (process {found.pids[0]})" if found and found.pids else ""


def find_holder(number: int) -> Holder | None:
    """Who listens on a TCP port of this machine; None where that cannot be found out."""
    listening = [row for table in _TABLES for row in _rows(table) if row[0] == number]
    for _port, inode, uid in listening:
        pids = _owners_of(inode)
        return Holder(_name_of(pids[0]) if pids else "", pids, _account(uid))
    return None


def _rows(table: Path) -> list[tuple[int, str, int]]:
    """Port, inode and account of each socket that listens."""
    rows = []
    with suppress(OSError):
        for line in table.read_text().splitlines()[1:]:
            _number, local, _remote, state, _queues, _timer, _retransmits, uid, _timeout, inode, *_ = line.split()
            if state == _LISTENS:
                rows.append((int(local.rpartition(":")[2], 16), inode, int(uid)))
    return rows


def _owners_of(inode: str) -> tuple[int, ...]:
    """The numbers of the processes that have this socket open; none where they are not ours to see."""
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if any(_target(link) == f"socket:[{inode}]" for link in folder.iterdir()):
                found.append(int(folder.parent.name))
    return tuple(sorted(found))


def _target(link: Path) -> str:
    with suppress(OSError):
        return str(link.readlink())
    return ""


def _name_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _account(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)


def _is_edge(holder: Holder | None, config: Config) -> bool:
    if not edge_runs(config):
        return False
    if holder is None:
        return True  # it runs, and nobody can see whose socket this is
    if not holder.pids:
        # As beside a service, whose processes have a right that we lack: then the edge's account has to do.
        return holder.account == _account(config.caddy_folder.stat().st_uid)
    # `homeport serve` has the socket open too: it hands it to each Caddy it starts.
    return any(os.fsencode(config.caddy_folder) in _words_of(pid) for pid in holder.pids)


def _words_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def edge_runs(config: Config) -> bool:
    """Whether the edge of this data directory is running: something answers at its admin socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe, suppress(OSError):
        probe.settimeout(1)
        probe.connect(str(config.caddy_folder / "admin.sock"))
        return True
    return False
