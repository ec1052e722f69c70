"""The doctor looks while the blog is served: the edge has the ports, and answers the authority in its place."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.https.blog import Blog, serving
from tests.https.doctoring import examine, to_mend
from tests.https.lab import OUTSIDE, Lab, lab

HEAVY = {"acme", "josepy", "requests", "urllib3", "upnpclient", "lxml", "cryptography.hazmat.bindings._rust"}


@pytest.fixture(scope="module")
def small_internet() -> Iterator[Lab]:
    with lab() as it:
        yield it


@pytest.fixture(scope="module")
def served(small_internet: Lab) -> Iterator[Blog]:
    with serving(small_internet) as blog:
        blog.wait_for_https()
        yield blog


def test_all_is_well(world: Lab, served: Blog) -> None:
    found = examine(world, data=served.data)
    assert to_mend(found) == []
    for check in ("https_port_here", "http_port_here"):
        assert found[check]["meaning"] == "The blog has it."
    for check in ("port_443_outside", "port_80_outside"):
        assert "came through" in found[check]["meaning"]
    assert "Good until" in found["certificate"]["meaning"]


def test_a_port_is_dropped(world: Lab, served: Blog) -> None:
    world.router.dropped = (443,)
    world.router.apply()
    found = examine(world, data=served.data)
    assert to_mend(found) == ["port_443_outside"]
    assert f"Nothing came back from {OUTSIDE}" in found["port_443_outside"]["meaning"]
    assert "came through" in found["port_80_outside"]["meaning"]


def test_nothing_of_the_trial_is_left_and_its_keys_are_for_the_owner_alone(world: Lab, served: Blog) -> None:
    examine(world, data=served.data)
    folder = served.data / "caddy"
    assert list((folder / "challenges").iterdir()) == []
    assert list(folder.glob("acme/*/challenge_tokens/*")) == []
    for path in folder.glob("trial*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert sorted(path.name for path in folder.glob("trial*")) == ["trial-http-01.pem", "trial-tls-alpn-01.pem"]


def test_the_blog_stays_up_and_keeps_its_certificate(world: Lab, served: Blog) -> None:
    before = {path: path.read_bytes() for path in served.data.glob("caddy/certificates/**/*.crt")}
    examine(world, data=served.data)
    assert before
    assert {path: path.read_bytes() for path in served.data.glob("caddy/certificates/**/*.crt")} == before
    assert served.wait_for_https().status == 200


def test_what_the_doctor_needs_is_not_loaded_by_who_serves_pages() -> None:
    program = (
        "import sys, pathlib; from homeport.app import create_app; from homeport.core.config import Config; "
        "create_app(Config(data=pathlib.Path('/nowhere'))); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded >= {"homeport.https.routes", "homeport.https.jobs"}
    assert loaded & (HEAVY | {"homeport.https.doctor"}) == set()
