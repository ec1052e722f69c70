"""Who holds a port of this machine, as far as the present user may see (proc(5))."""

from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"  # TCP_LISTEN in the kernel's include/net/tcp_states.h


def holder(port: int) -> str:
    """The program that listens on a TCP port, such as `nginx (process 4711)`; "" where that can't be seen."""
    inodes = _listening(port)
    for process in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if any(str(each.readlink()) in inodes for each in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _listening(port: int) -> set[str]:
    """The sockets that listen there, as the links in a process's folder of descriptors name them."""
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                local, state, inode = (line.split()[column] for column in (1, 3, 9))
                if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{inode}]")
    return found
