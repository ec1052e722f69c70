"""The lock files hold versions and hashes of everything pyproject.toml asks for, and no address or path."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.parts import ROOT

RUN, DEV, SCAN = LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-scan.lock")
_PIN = re.compile(r"^([a-z0-9.-]+)==(\S+)(?: ; .*?)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)
_ADDRESS = re.compile(r"://|^\s*-|^\s*/|(?<![\w.])/(?:home|opt|root|tmp|usr|var|work)\b|@ ", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Each package of a lock file with its version; only those that carry hashes."""
    return {canonicalize_name(name): version for name, version, _hashes in _PIN.findall(text)}


def addresses(text: str) -> list[str]:
    """The lines that say where something comes from: that is for the machine to know."""
    lines = (line for line in text.splitlines() if not line.startswith("    --hash="))
    return [line for line in lines if _ADDRESS.search(line)]


def unmet(wanted: list[str], locked: dict[str, str]) -> list[str]:
    """The requirements that the lock file does not meet."""
    found = []
    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            found.append(str(requirement))
    return found


def project(*groups: str) -> list[str]:
    """What pyproject.toml asks for in these groups; `run` is what running the blog needs."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    known: dict[str, list[str]] = {"run": content["project"]["dependencies"], **content["dependency-groups"]}
    return [line for group in groups for line in known[group]]


@pytest.mark.parametrize(
    ("name", "groups"), [(RUN, ("run", "build")), (DEV, ("run", "build", "dev")), (SCAN, ("scan",))]
)
def test_a_lock_file_meets_what_the_project_asks_for(name: str, groups: tuple[str, ...]) -> None:
    text = (ROOT / name).read_text()
    locked = pins(text)
    lines = re.findall(r"^[^\s#]", text, re.MULTILINE)  # two for a package with a version for each of two Pythons
    assert len(_PIN.findall(text)) == len(lines), "a line without a version or a hash"
    assert unmet(project(*groups), locked) == [], "type: make lock"


def test_both_lock_files_agree() -> None:
    run, dev = (pins((ROOT / name).read_text()) for name in (RUN, DEV))
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_no_address(name: str) -> None:
    assert addresses((ROOT / name).read_text()) == []


def test_faults_are_found() -> None:
    hashed = "a==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via x\n"
    assert pins(hashed) == {"a": "1.0"}
    assert pins("a==1.0\nb==2.0 \\\n    --hash=md5:0\n") == {}
    assert addresses(hashed) == []
    for line in (
        "-i x",  # the index to install from
        "--find-links /x",
        "# https://example.org",
        "a @ file",
        "#    uv /home/x/pyproject.toml",
    ):
        assert addresses(line) == [line]
    assert unmet(["a>=2", "B[x]", "c"], {"a": "1.0", "b": "2"}) == ["a>=2", "c"]
