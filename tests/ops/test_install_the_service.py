"""The owner has the blog run as a service. systemctl is not ours and needs a running systemd: a stand-in notes what it
is told, and everything else is real.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from homeport.ops import installing, unit
from tests.ops.confinement import NOBODY, confined
from tests.parts import require_root

HOMEPORT = Path(sys.executable).with_name("homeport")
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case " $* " in
*" $FAILS "*) echo "Job for homeport.service failed." >&2; exit 1 ;;
*" show "*) printf 'ActiveState=%s\\nActiveEnterTimestamp=Tue 2026-11-24 18:00:00 UTC\\nNRestarts=2\\n' "$STATE" ;;
*" --lines=10 "*) echo "Homeport is ready at https://blog.example.com" ;;
esac
"""


class Machine:
    """A computer that systemd runs: its folders, and what its programs were told."""

    def __init__(self, folder: Path) -> None:
        self.root, self.calls, self.programs = folder / "root", folder / "calls", folder / "programs"
        (self.root / "run/systemd/system").mkdir(parents=True)
        self.programs.mkdir()
        for name in ("systemctl", "journalctl", "loginctl", "systemd-sysusers", "install", "chown"):
            (self.programs / name).write_text(STAND_IN)
            (self.programs / name).chmod(0o755)
        self.folder = folder
        self.state, self.fails = "active", "nothing"
        self.environ: dict[str, str] = {}

    def type(self, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        """Type `homeport service …`."""
        return self.run([str(HOMEPORT), "service", *words, "--root", str(self.root)], answer)

    def run(self, command: list[str], answer: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command with this machine's programs first in its path, and none of this shell's settings."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEPORT_")} | {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "CALLS": str(self.calls),
            "STATE": self.state,
            "FAILS": self.fails,
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        return subprocess.run(
            command,
            input=answer,
            env=environ | self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def told(self) -> list[str]:
        """What its programs were told, in order."""
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    @property
    def unit(self) -> Path:
        """Where the service's file belongs."""
        return self.root / "etc/systemd/system/homeport.service"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One without a service yet."""
    return Machine(tmp_path)


def test_it_is_shown_asked_for_and_then_done(machine: Machine) -> None:
    done = machine.type("install", "--domain", "blog.example.com", answer="y\n")
    assert done.returncode == 0, done.stderr
    before, question, after = done.stdout.partition("Do this? [y/N]")
    text = machine.unit.read_text()
    assert text in before
    assert question
    assert "Done: the blog in /var/lib/homeport runs" in after
    assert "serve --data /var/lib/homeport --domain blog.example.com\n" in text
    assert "User=homeport\n" in text
    assert "StateDirectory=homeport\n" in text
    conf = machine.root / "etc/sysusers.d/homeport.conf"
    assert conf.read_text() == unit.SYSUSERS
    assert machine.told == [
        f"systemd-sysusers {conf}",
        "systemctl daemon-reload",
        "systemctl enable homeport.service",
        "systemctl restart homeport.service",
    ]
    assert all(line in before for line in machine.told), "what is run was shown"


def test_who_says_no_has_changed_nothing(machine: Machine) -> None:
    done = machine.type("install", answer="n\n")
    assert done.returncode != 0
    assert not machine.unit.exists()
    assert machine.told == []


def test_a_blog_that_is_somebodys_is_run_as_they(machine: Machine) -> None:
    data = machine.folder / "blog"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, 65534, 65534)
    assert machine.type("install", "--yes", "--data", str(data)).returncode == 0
    text = machine.unit.read_text()
    assert "StateDirectory" not in text
    assert f"WorkingDirectory={data}\n" in text
    assert ("User=nobody\n" in text) is (os.geteuid() == 0)
    assert not any(line.startswith(("chown", "install", "systemd-sysusers")) for line in machine.told)


def test_a_new_folder_is_made_for_the_services_account(machine: Machine) -> None:
    assert machine.type("install", "--yes", "--data", "/srv/a-new-blog").returncode == 0
    assert "install -d -m 700 -o homeport -g homeport /srv/a-new-blog" in machine.told
    assert "ReadWritePaths=/srv/a-new-blog\n" in machine.unit.read_text()


def test_what_systemd_says_no_to_is_said(machine: Machine) -> None:
    machine.fails = "restart"
    done = machine.type("install", "--yes")
    assert done.returncode == 1
    assert "“systemctl restart homeport.service” failed." in done.stderr
    assert "Job for homeport.service failed." in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_of_this_shell_are_not_lost_in_silence(machine: Machine) -> None:
    machine.environ["HOMEPORT_SMTP_URL"] = "smtp://me:secret@mail.example.com"
    done = machine.type("install", "--yes")
    assert "does not see HOMEPORT_SMTP_URL" in done.stdout
    assert "secret" not in done.stdout + machine.unit.read_text()


@pytest.mark.parametrize(("state", "words", "code"), [("active", "runs since Tue 2026", 0), ("failed", "(failed)", 3)])
def test_how_it_is(machine: Machine, state: str, words: str, code: int) -> None:
    machine.type("install", "--yes")
    machine.state = state
    done = machine.type("status")
    assert done.returncode == code
    assert words in done.stdout
    assert "Started again by systemd: 2 times." in done.stdout
    assert "Homeport is ready at https://blog.example.com" in done.stdout


def test_how_it_is_where_there_is_none(machine: Machine) -> None:
    done = machine.type("status")
    assert done.returncode == 3
    assert "not installed" in done.stdout


def test_taking_it_out_leaves_the_blog(machine: Machine) -> None:
    data = machine.folder / "my blog"
    data.mkdir()
    (data / "homeport.db").write_text("posts")
    machine.type("install", "--yes", "--data", str(data))
    machine.calls.unlink()
    done = machine.type("uninstall", answer="y\n")
    assert done.returncode == 0, done.stderr
    assert f"stays in {data}" in done.stdout
    assert f"The account homeport, whose the data is, stays with {machine.folder}" in done.stdout
    assert not machine.unit.exists()
    assert machine.told == ["systemctl disable --now homeport.service", "systemctl daemon-reload"]
    assert (data / "homeport.db").read_text() == "posts"
    assert "no such service" in machine.type("uninstall").stdout


def test_without_systemd_it_is_said_what_else_there_is(machine: Machine) -> None:
    (machine.root / "run/systemd/system").rmdir()
    for words in (["install"], ["uninstall"], ["status"], ["install", "--user"]):
        done = machine.type(*words)
        assert done.returncode == 1
        assert "not run by systemd" in done.stderr
        assert "docs/service.md" in done.stderr
    assert machine.told == []


def test_a_wrong_name_is_refused_before_anything_is_done(machine: Machine) -> None:
    done = machine.type("install", "--yes", "--domain", "https://blog.example.com/")
    assert done.returncode == 2
    assert machine.told == []


def test_one_of_ones_own(machine: Machine) -> None:
    require_root("namespaces to be nobody in")
    data = machine.folder / "blog"
    text = unit.text(installing.service(data, "", for_user=False))
    data.mkdir()
    subprocess.run(["chown", "-R", str(NOBODY), str(machine.folder)], check=True)
    words = ["install", "--user", "--yes", "--data", str(data), "--domain", "blog.example.com", "--root"]
    command = confined(text, [str(HOMEPORT), "service", *words, str(machine.root)], [str(machine.folder)])
    done = machine.run(command)
    assert done.returncode == 0, done.stderr
    made = (machine.folder / "config/systemd/user/homeport.service").read_text()
    assert "User=" not in made
    assert "AmbientCapabilities" not in made
    assert f"serve --data {data} --domain blog.example.com\n" in made
    assert "WantedBy=default.target" in made
    assert "net.ipv4.ip_unprivileged_port_start=80" in done.stdout
    assert machine.told == [
        "systemctl --user daemon-reload",
        "systemctl --user enable homeport.service",
        "systemctl --user restart homeport.service",
        "loginctl enable-linger",
    ]


def test_root_has_no_service_of_its_own(machine: Machine) -> None:
    require_root("it")
    done = machine.type("install", "--user", "--yes")
    assert done.returncode == 1
    assert "--user is for an account that is not root" in done.stderr
    assert machine.told == []
