"""The doctor is run by the account of the service, which may not have the ports: the service has a right that a
terminal has not."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.https.blog import Blog, serving
from tests.https.doctoring import examine, listen, to_mend
from tests.https.lab import Lab, lab
from tests.ops.confinement import NOBODY


def as_account(*rights: str) -> list[str]:
    """The account, with these rights. It may read everything: the program may lie where only root can."""
    told = ",".join(["-all", "+dac_read_search", *rights])
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    return [*become, f"--bounding-set={told}", f"--inh-caps={told}", f"--ambient-caps={told}"]


@pytest.fixture(scope="module")
def service(small_internet: Lab) -> Iterator[Blog]:
    data = small_internet.folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    with serving(small_internet, through=as_account("+net_bind_service")) as blog:
        blog.wait_for_https()
        yield blog


def test_the_account_of_the_service_finds_all_well(world: Lab, service: Blog) -> None:
    found = examine(world, through=as_account(), data=service.data)
    assert to_mend(found) == []
    for number, check in ((443, "https_port_here"), (80, "http_port_here")):
        assert found[check]["meaning"] == "The blog has it."
        assert "came through" in found[f"port_{number}_outside"]["meaning"]


def test_root_finds_all_well_too_and_leaves_nothing_that_shuts_the_service_out(world: Lab, service: Blog) -> None:
    for path in (*service.data.glob("caddy/trial*"), service.data / "caddy/acme"):
        subprocess.run(["rm", "-rf", path], check=True)
    found = examine(world, data=service.data)
    assert to_mend(found) == []
    assert "came through" in found["port_443_outside"]["meaning"]
    assert {str(path) for path in service.data.rglob("*") if path.lstat().st_uid != NOBODY} == set()
    again = examine(world, through=as_account(), data=service.data)
    assert "came through" in again["port_443_outside"]["meaning"]


def test_a_lock_that_root_left_behind_is_in_nobodys_way(world: Lab, service: Blog) -> None:
    lock = service.data / "caddy" / "trial.lock"
    lock.touch(0o600)  # as older doctors did
    try:
        found = examine(world, through=as_account(), data=service.data)
    finally:
        lock.unlink()
    assert "came through" in found["port_80_outside"]["meaning"]


def test_who_may_not_look_into_the_blogs_folder_is_told_all_the_rest(world: Lab, service: Blog) -> None:
    stranger = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]  # root without its rights
    found = examine(world, through=stranger, data=service.data)
    assert to_mend(found) == ["https_port_here"]
    assert "A program of the account nobody has it" in found["https_port_here"]["meaning"]


def test_a_blog_that_is_not_ours_is_a_program_of_another_account(world: Lab, service: Blog, tmp_path: Path) -> None:
    found = examine(world, through=as_account(), data=tmp_path / "another")
    assert to_mend(found) == ["https_port_here"]
    assert "has it. Stop that program" in found["https_port_here"]["meaning"]


def test_port_80_of_another_account_is_not_taken_for_the_blogs() -> None:
    with lab() as world, listen(world, world.home, 80):
        data = world.folder / "data"
        data.mkdir()
        os.chown(data, NOBODY, NOBODY)
        with serving(world, through=as_account("+net_bind_service")):
            found = examine(world, through=as_account(), data=data)
    assert found["https_port_here"]["meaning"] == "The blog has it."
    assert found["http_port_here"]["meaning"].startswith("A program of the account root has it.")
