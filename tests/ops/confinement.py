"""A unit's restrictions without systemd: the kernel is told by other programs what systemd tells it.

As a program, in a mount and a network namespace of its own, it becomes a unit's command as an account without rights:
the system read-only, homes and temporary folders empty but for what is bound into them, CAP_NET_BIND_SERVICE as the
only capability, no new privileges, no memory that is written and executed, the unit's system calls and families of
sockets and no others.
"""

import ctypes
import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
"""What `ProtectHome=tmpfs` and `PrivateTmp=yes` put an empty folder in the place of (systemd.exec(5))."""
NOBODY = 65534
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
_EQUAL = 4  # SCMP_CMP_EQ
_SET_MDWE, _REFUSE_EXEC_GAIN = 65, 1  # prctl(2), since Linux 6.3


class _Argument(ctypes.Structure):
    """struct scmp_arg_cmp: a rule about one argument of a system call."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def lines(unit: str, key: str) -> list[str]:
    """Every value of a key in a unit."""
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]


def allowed_calls(unit: str) -> list[str]:
    """The system calls that `SystemCallFilter=` leaves."""
    allowed: set[str] = set()
    for value in lines(unit, "SystemCallFilter"):
        named = {call for group in value.removeprefix("~").split() for call in _group(group)}
        allowed = allowed - named if value.startswith("~") else allowed | named
    return sorted(allowed)


def confined(unit: str, command: list[str], writes: list[str]) -> list[str]:
    """The command line that runs a command as the unit would; `writes` may be written beside what the unit says."""
    assert lines(unit, "ProtectSystem") == ["strict"]
    assert lines(unit, "ProtectHome") == ["tmpfs"]
    plan = {
        "reads": [*_paths(unit, "BindReadOnlyPaths"), str(Path(__file__).parent)],
        "writes": [*_paths(unit, "BindPaths"), *writes],
        "empty": list(HIDDEN),
        "calls": allowed_calls(unit),
        "command": command,
        "families": [family for value in lines(unit, "RestrictAddressFamilies") for family in value.split()],
        "umask": lines(unit, "UMask"),
    }
    return ["unshare", "--mount", "--net", sys.executable, __file__, json.dumps(plan)]


def _paths(unit: str, key: str) -> list[str]:
    return [path for value in lines(unit, key) for path in shlex.split(value)]


def _group(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    found = {line.strip() for line in said.stdout.splitlines() if line.startswith("    ") and "#" not in line}
    return {call for part in found for call in _group(part)} | _group_default(name)


def _group_default(name: str) -> set[str]:
    # What systemd always permits beside the groups that allow something.
    return _group("@default") if name == "@system-service" else set()


def become_confined(plan: dict[str, list[str]]) -> None:
    """Do all this to the present process, but for what is done by it when it has no rights any more."""
    _see_only(plan["reads"], plan["writes"], plan["empty"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rights = "-all,+net_bind_service"
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    become += [f"--bounding-set={rights}", f"--inh-caps={rights}", f"--ambient-caps={rights}"]
    os.chdir(plan["writes"][0])
    os.execvp("setpriv", [*become, sys.executable, __file__, sys.argv[1], "confined"])


def filter_calls(calls: list[str], families: list[str]) -> None:
    """Refuse every other system call and family of sockets from now on, and memory that is written and executed."""
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    if libc.prctl(_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel knows no PR_SET_MDWE")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_REFUSE))
    for call in calls:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0 and call != "socket":
            seccomp.seccomp_rule_add(context, _ALLOW, number, 0)
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        first = _Argument(0, _EQUAL, int(getattr(socket, family)), 0)
        seccomp.seccomp_rule_add_array(context, _ALLOW, number, 1, ctypes.byref(first))
    if seccomp.seccomp_load(context):
        raise OSError("the filter could not be loaded")


def _see_only(reads: list[str], writes: list[str], empty: list[str]) -> None:
    def mount(*words: str) -> None:
        subprocess.run(["mount", *words], check=True)

    mount("--make-rprivate", "/")
    stage = Path("/run")
    mount("-t", "tmpfs", "tmpfs", str(stage))
    kept = {path: stage / str(number) for number, path in enumerate((*reads, *writes))}
    for path, aside in kept.items():
        aside.mkdir()
        mount("--bind", path, str(aside))
    for folder in filter(os.path.isdir, empty):
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    for path, aside in kept.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        mount("--bind", str(aside), path)
        if path in reads:
            mount("-o", "remount,bind,ro", path)
    mount("-o", "remount,bind,ro", "/")


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    if sys.argv[2:] != ["confined"]:
        become_confined(asked)
    filter_calls(asked["calls"], asked["families"])
    os.umask(int(asked["umask"][0], 8))
    os.execv(asked["command"][0], asked["command"])
