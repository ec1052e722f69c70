"""The systemd unit: what the blog may do as a service, and nothing else.

Each line is a door that somebody who got in through the blog would find shut (systemd.exec(5)). Two stay open: the
network, for readers, mail and certificates; and the data directory.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "homeport.service"
USER = "homeport"
STATE = Path("/var/lib/homeport")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
HIDDEN = (*HOMES, Path("/tmp"), Path("/var/tmp"))  # noqa: S108 (named, not used: PrivateTmp puts others in their place)

SYSUSERS = f'u {USER} - "Homeport, a blog" {STATE}\n'
"""An account of its own that nobody can log in to (sysusers.d(5)). Not DynamicUser: the owner has to be able to become
this account, for commands such as `homeport user reset` on the same data."""

_WHILE_RUNNING = """\
Type=notify
Restart=always
RestartSec=5
TimeoutStartSec=10min
# The blog ends its own processes within 10 seconds.
TimeoutStopSec=20
KillMode=mixed
# One process that used up the memory is started again by the blog itself.
OOMPolicy=continue
UMask=0077
"""

# What needs no root to be promised: these also hold for a service of somebody's own.
_FOR_ALL = """\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""

_FOR_THE_SYSTEM = """\
# Ports below 1024, and nothing else that root may do.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
KeyringMode=private
"""


@dataclass(frozen=True)
class Service:
    """One service: the command it runs, where its data is, whose it is, and the folders its program is read from.

    `user` is the account it runs as, "" for a service of somebody's own (`systemctl --user`).
    """

    command: tuple[str, ...]
    data: Path
    user: str
    code: tuple[Path, ...]


def text(service: Service) -> str:
    """The unit file."""
    wanted_by = "multi-user.target" if service.user else "default.target"
    return "\n".join(
        [
            "[Unit]",
            "Description=Homeport, a blog",
            *(["Wants=network-online.target", "After=network-online.target"] if service.user else []),
            "# It is tried again for as long as it takes.",
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            f"ExecStart={command_line(service.command)}",
            f"WorkingDirectory={_plain(service.data)}",
            _WHILE_RUNNING + (_of_the_system(service) if service.user else "") + _FOR_ALL,
            "[Install]",
            f"WantedBy={wanted_by}",
            "",
        ]
    )


def _of_the_system(service: Service) -> str:
    lines = [f"User={service.user}", f"Group={service.user}"] if service.user == USER else [f"User={service.user}"]
    if service.data == STATE:
        lines += [f"StateDirectory={STATE.name}", "StateDirectoryMode=0700"]
    elif not is_hidden(service.data):
        lines += [f"ReadWritePaths={_quoted(str(service.data))}"]
    hidden = [path for path in service.code if is_hidden(path)]
    in_homes = any(_is_below(path, HOMES) for path in (*hidden, service.data))
    # An empty folder in the place of everybody's home; only what is bound into it can be seen.
    lines.append(f"ProtectHome={'tmpfs' if in_homes else 'yes'}")
    lines += [f"BindReadOnlyPaths={_quoted(str(path))}" for path in hidden]
    if is_hidden(service.data):
        lines.append(f"BindPaths={_quoted(str(service.data))}")
    return "\n".join(lines) + "\n" + _FOR_THE_SYSTEM


def is_hidden(path: Path) -> bool:
    """Whether a path lies where the service would see an empty folder."""
    return _is_below(path, HIDDEN)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The paths without those that lie in another one."""
    known = sorted(set(paths))
    return tuple(path for path in known if not any(path != other and path.is_relative_to(other) for other in known))


def command_line(arguments: Sequence[str]) -> str:
    """Words as ExecStart takes them (systemd.service(5), "Command lines"): $ and % mean something there."""
    return " ".join(_quoted(word.replace("$", "$$")) for word in arguments)


def _quoted(word: str) -> str:
    safe = _plain(word)
    if not set(word) & set(" \t\n\"'\\;"):
        return safe
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(word: str | Path) -> str:
    return str(word).replace("%", "%%")


def data_of(unit: str) -> Path | None:
    """Where the data of an installed unit is; None where the file does not say."""
    found = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("WorkingDirectory=")]
    return Path(found[0].replace("%%", "%")) if found else None
