"""Somebody builds the image and runs it. There is no engine here, so the Containerfile's own steps are carried out in
folders of this machine that serve as roots; Debian's packages are those it has, and pip takes from it what is locked.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.parts import ROOT, require_root
from tests.patience import PATIENCE
from tests.tools.containerfile import Stage, read

BUILD, FINAL = read(ROOT / "Containerfile")
LINKS = ("bin", "sbin", "lib", "lib64", "lib32")
ETC = ("passwd", "group", "shadow", "gshadow", "login.defs", "nsswitch.conf", "ld.so.cache", "mime.types", "localtime")
# Debian's packages cannot be fetched by a test. What was asked for is noted.
APT = '#!/bin/sh\necho "$*" >>/apt-get.asked\n'
# pip itself, but what it would fetch is what this machine has: its packages are made known to the new environment.
HERE = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
PIP = f"""#!/bin/sh
case " $* " in
*" -r requirements.lock "*)
    echo "$*" >/pip.asked
    echo "{HERE}" >"$(echo .venv/lib/python*/site-packages)/from-this-machine.pth" ;;
*) exec .venv/bin/pip "$@" ;;
esac
"""
PYTHON = f'#!/bin/sh\nexec {sys.executable} "$@"\n'


def test_its_images_are_named_without_a_registry() -> None:
    assert [stage.image for stage in (BUILD, FINAL)] == ["debian:stable-slim"] * 2


def test_what_is_copied_is_there_and_not_left_out() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for text in BUILD.texts("COPY"):
        *sources, _target = text.split()
        for source in sources:
            assert (ROOT / source).exists()
            assert source in kept, f"{source} is in .dockerignore"
    [across] = FINAL.texts("COPY")
    assert across.startswith(f"--from={BUILD.name} ")


def test_it_installs_what_setup_installs() -> None:
    script = (ROOT / "tools/setup.sh").read_text()
    steps = " ".join(BUILD.texts("RUN"))
    for flags in ("--require-hashes -r", "--no-deps --no-index --no-build-isolation"):
        assert flags in script
        assert flags in steps
    assert "requirements-dev" not in steps


def test_nobody_runs_it_as_root() -> None:
    order = [word for word, _ in FINAL.steps]
    assert FINAL.texts("USER") == ["homeport"]
    assert "RUN" not in order[order.index("USER") :]


class Root:
    """A folder that serves as the root of a stage, with this machine's programs in it."""

    def __init__(self, path: Path) -> None:
        self.path, self.workdir = path, "/"
        path.chmod(0o755)
        self.environ = {"PATH": f"/stand-ins:{os.environ['PATH']}"}
        for name in ("etc", "tmp", "var/lib/apt/lists", "stand-ins", "proc"):
            (path / name).mkdir(parents=True)
        for name in filter(lambda name: Path("/", name).is_symlink(), LINKS):
            (path / name).symlink_to(Path("/", name).readlink())
        for name in filter(lambda name: Path("/etc", name).is_file(), ETC):
            shutil.copy(Path("/etc", name), path / "etc")
        for name, text in (("apt-get", APT), ("pip", PIP), ("python3", PYTHON)):
            (path / "stand-ins" / name).write_text(text)
            (path / "stand-ins" / name).chmod(0o755)

    def command(self, *words: str, user: str = "", net: bool = False) -> list[str]:
        """A command as it is run within; `net`: in a network of its own."""
        seen = dict.fromkeys(["/usr", "/dev", "/etc/ssl", "/etc/alternatives", sys.prefix, sys.base_prefix])
        steps = ["mount --make-rprivate /", *(["ip link set lo up"] if net else [])]
        for path in seen:
            steps += [f"mkdir -p {self.path}{path}", f"mount --rbind {path} {self.path}{path}"]
        steps += [f"mount -t proc proc {self.path}/proc"]
        enter = ["chroot", *([f"--userspec={user}"] if user else []), str(self.path)]
        inside = [*enter, "/bin/sh", "-c", 'cd "$0" && exec "$@"', self.workdir, *words]
        script = " && ".join([*steps, f"exec {shlex.join(inside)}"])
        return ["unshare", "--mount", *(["--net"] if net else []), "sh", "-c", script]

    def carry_out(self, stage: Stage, others: dict[str, "Root"]) -> None:
        """Do what a stage says, in its order."""
        for word, text in stage.steps:
            match word:
                case "RUN":
                    self._run(text.replace(".venv/bin/pip", "/stand-ins/pip"))
                case "COPY":
                    self._copy(text, others)
                case "ENV":
                    name, _, value = text.partition("=")
                    self.environ[name] = value
                case "WORKDIR":
                    self.workdir = text
                    (self.path / text.lstrip("/")).mkdir(exist_ok=True)

    def _run(self, text: str) -> None:
        done = subprocess.run(
            self.command("sh", "-c", text), env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"

    def _copy(self, text: str, others: dict[str, "Root"]) -> None:
        words = text.split()
        origin = others[words.pop(0).removeprefix("--from=")].path if words[0].startswith("--from=") else ROOT
        *sources, target = words
        for source in sources:
            found, to = origin / source.lstrip("/"), self.path / self.workdir.lstrip("/") / target
            to = self.path / target.lstrip("/") if target.startswith("/") else to
            if found.is_dir():
                shutil.copytree(found, to, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(found, to)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The root of the last stage, when all steps are done."""
    require_root("the roots of a container")
    build = Root(tmp_path_factory.mktemp("build"))
    build.carry_out(BUILD, {})
    assert "--require-hashes -r requirements.lock" in (build.path / "pip.asked").read_text()
    final = Root(tmp_path_factory.mktemp("final"))
    final.carry_out(FINAL, {BUILD.name: build})
    return final


def test_its_steps_lead_to_a_blog_that_answers(image: Root, tmp_path: Path) -> None:
    command = json.loads(FINAL.texts("CMD")[0])
    [user] = FINAL.texts("USER")
    ids = {fields[0]: fields[2] for fields in map(_fields, (image.path / "etc/passwd").read_text().splitlines())}
    start = image.command(*command, user=f"{ids[user]}:{ids[user]}", net=True)
    log = tmp_path / "log"
    with log.open("w") as file, subprocess.Popen(start, env=image.environ, stdout=file, stderr=file) as running:
        try:
            assert becomes_healthy(image, running), log.read_text()
        finally:
            running.terminate()
            running.wait(PATIENCE)
    assert "Homeport is ready at http://localhost:8000" in log.read_text()
    assert (image.path / "data/homeport.db").stat().st_uid == int(ids[user])
    assert running.returncode == 0
    assert not (image.path / "homeport/src").exists(), "the last stage has the installed package alone"


def _fields(line: str) -> list[str]:
    return line.split(":")


def becomes_healthy(image: Root, running: subprocess.Popen[bytes]) -> bool:
    """Whether the image's own check says so, in the end."""
    [check] = FINAL.texts("HEALTHCHECK")
    words = json.loads(check.partition("CMD ")[2])
    ask = ["nsenter", "--net", f"--target={running.pid}", *image.command(*words)]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        if subprocess.run(ask, env=image.environ, capture_output=True, check=False).returncode == 0:
            return True
        time.sleep(0.2)
    return False
