"""A reader's browser loads pictures."""

import pytest
from flask import Flask

from tests.conftest import Browser
from tests.media.test_keeping_pictures import picture, store

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>'


def test_a_picture_may_be_kept_by_the_browser_for_ever(app: Flask, client: Browser) -> None:
    name = store(app, picture("PNG"))
    answer = client.get(f"/media/{name}")
    assert answer.status_code == 200
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    again = client.get(f"/media/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_drawing_can_run_no_script(app: Flask, client: Browser) -> None:
    answer = client.get(f"/media/{store(app, SVG)}")
    assert answer.content_type.startswith("image/svg+xml")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy


@pytest.mark.parametrize(
    "name",
    [
        "..%2fhomeport.db",
        "%2e%2e/homeport.db",
        "..%5chomeport.db",
        "a.png",
        "0" * 64 + ".png",
        "0" * 64 + ".exe",
        "%00.png",
    ],
)
def test_nothing_else_can_be_reached_through_the_folder(client: Browser, name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404


def test_part_of_a_picture_can_be_asked_for(app: Flask, client: Browser) -> None:
    name = store(app, picture("PNG"))
    answer = client.get(f"/media/{name}", headers={"Range": "bytes=0-7"})
    assert answer.status_code == 206
    assert answer.data == b"\x89PNG\r\n\x1a\n"
