"""Somebody shows a picture beside their name: what becomes of it, what is refused, and how it goes again."""

import io
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from homeport.accounts.models import User
from homeport.core.config import Config
from homeport.core.csrf import FIELD, token
from homeport.core.db import commit, db, site_version
from homeport.core.waiting import MOST_BYTES
from homeport.media import images, portraits
from homeport.media.models import Media
from tests.cast import Cast, open_session
from tests.conftest import Browser
from tests.factories import make_post
from tests.media.test_keeping_pictures import GPS_IFD, bomb_png, picture
from tests.serving.running import running


@pytest.fixture
def alice(everybody: Cast, browser: Callable[..., Browser]) -> Browser:
    return browser(everybody.alice)


def form_of(fields: dict[str, str], data: bytes, name: str) -> bytes:
    """The form as a browser sends it, at the boundary `b`: the test client leaves a file open for large ones."""
    part = "--b\r\nContent-Disposition: form-data; name="
    texts = "".join(f'{part}"{field}"\r\n\r\n{text}\r\n' for field, text in fields.items())
    return f'{texts}{part}"picture"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n--b--\r\n"


FORM: dict[str, Any] = {"content_type": "multipart/form-data; boundary=b", "headers": {"Sec-Fetch-Site": "same-origin"}}


def send(visitor: Browser, data: bytes, name: str = "me.png") -> Any:
    """Choose a file and send the form."""
    return visitor.post("/account/picture", data=form_of({FIELD: token(visitor.token)}, data, name), **FORM)


def name_of_picture(app: Flask, everybody: Cast) -> str:
    with app.app_context():
        return db.session.get_one(User, everybody.alice.id).picture or ""


def stored(app: Flask) -> tuple[set[str], set[str]]:
    """The names of the rows, and of the files."""
    folder: Path = app.config["HOMEPORT"].media
    with app.app_context():
        rows = set(db.session.scalars(select(Media.name)))
    return rows, {path.name for path in folder.glob("*")}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_it_is_cut_to_a_small_square_and_made_anew(app: Flask, everybody: Cast, alice: Browser, kind: str) -> None:
    assert send(alice, picture(kind, (900, 600)), "photo.txt").location == "/account/picture"
    name = name_of_picture(app, everybody)
    assert f"/media/{name}" in alice.get("/account/picture").text
    with Image.open(io.BytesIO(alice.get(f"/media/{name}").data)) as image:
        assert (image.format, image.size) == ("WEBP", (portraits.SIDE, portraits.SIDE))
    with app.app_context():
        row = db.session.get_one(Media, name)
        assert (row.owner_id, row.original_name) == (everybody.alice.id, "")


def test_a_small_one_is_not_blown_up_and_a_clear_one_stays_clear() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(out, "PNG")
    made = portraits.make(out.getvalue())
    assert (made.width, made.height) == (40, 40)
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.convert("RGBA").getpixel((20, 20)) == (0, 0, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_colours_of_every_kind_are_taken(mode: str) -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").convert(mode).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert portraits.make(out.getvalue()).width == 256


def test_a_telephone_held_sideways_and_the_place_it_was_at() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[GPS_IFD] = {1: "N", 2: (48.0, 8.0, 0.0)}
    exif[images.ORIENTATION] = 6
    upright = Image.new("RGB", (400, 200), "blue")
    upright.paste("red", (0, 0, 200, 200))
    out = io.BytesIO()
    upright.save(out, "JPEG", exif=exif, comment=b"SecretComment")
    made = portraits.make(out.getvalue())
    assert made.width == made.height == 200
    assert b"Secret" not in made.data
    with Image.open(io.BytesIO(made.data)) as image:
        assert not image.getexif()
        top, bottom = (image.convert("RGB").getpixel((100, y)) for y in (8, 192))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[0] > 200, top[2] < 50) == (True, True), "what was left is above"
    assert (bottom[2] > 200, bottom[0] < 50) == (True, True)


def test_a_photograph_of_fifty_million_pixels_is_opened_small() -> None:
    out = io.BytesIO()
    Image.new("L", (8000, 6000), 128).save(out, "JPEG", quality=20)
    assert portraits.make(out.getvalue()).width == 256


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Choose a picture first."),
        (b"not a picture", "JPEG, PNG, WebP or GIF"),
        (b"%PDF-1.4", "JPEG, PNG, WebP or GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "JPEG, PNG, WebP or GIF"),
        (picture("AVIF"), "JPEG, PNG, WebP or GIF"),
        (picture("TIFF"), "JPEG, PNG, WebP or GIF"),
        (picture("PNG")[:60], "damaged"),
        (picture("JPEG", (900, 900))[:3000], "damaged"),
        (bomb_png(50_000, 50_000), "too many pixels"),
        (bomb_png(6_000, 6_000), "too many pixels"),
        (b"\x89PNG" + bytes(portraits.MOST_BYTES), "larger than 15 MB"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence_and_the_form(
    app: Flask, everybody: Cast, alice: Browser, data: bytes, sentence: str
) -> None:
    answer = send(alice, data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'enctype="multipart/form-data"' in answer.text
    assert name_of_picture(app, everybody) == ""
    assert stored(app) == (set(), set())


def test_a_form_without_a_file_and_one_that_is_too_large(alice: Browser) -> None:
    assert alice.submit("/account/picture", {}).status_code == 422
    assert alice.submit("/account/picture", {"picture": "words"}).status_code == 422
    answer = alice.post("/account/picture", data=bytes(MOST_BYTES + 1), **FORM)
    assert answer.status_code == 413
    assert "a smaller file" in answer.text


def test_another_site_cannot_send_one(app: Flask, everybody: Cast, alice: Browser) -> None:
    good = {"picture": (io.BytesIO(picture("PNG")), "x.png"), FIELD: token(alice.token)}
    assert alice.post("/account/picture", data=good, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    bare = {"picture": (io.BytesIO(picture("PNG")), "x.png")}
    assert alice.post("/account/picture", data=bare, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403
    assert name_of_picture(app, everybody) == ""


def test_a_new_one_takes_the_place_of_the_old_and_it_can_be_taken_away(
    app: Flask, everybody: Cast, alice: Browser
) -> None:
    send(alice, picture("PNG"))
    first = name_of_picture(app, everybody)
    send(alice, picture("PNG", (300, 200)))
    second = name_of_picture(app, everybody)
    assert first != second
    assert stored(app) == ({second}, {second})
    send(alice, picture("PNG", (300, 200)))
    assert stored(app) == ({second}, {second}), "the same once more"
    alice.submit("/account/picture/remove")
    alice.submit("/account/picture/remove")
    assert name_of_picture(app, everybody) == ""
    assert stored(app) == (set(), set())


def test_of_two_who_show_the_same_one_may_take_it_away(
    app: Flask, everybody: Cast, alice: Browser, browser: Callable[..., Browser]
) -> None:
    bob = browser(everybody.bob)
    send(alice, picture("PNG"))
    send(bob, picture("PNG"))
    name = name_of_picture(app, everybody)
    alice.submit("/account/picture/remove")
    assert f"/media/{name}" in bob.get("/account").text
    assert stored(app) == ({name}, {name})
    bob.submit("/account/picture/remove")
    assert stored(app) == (set(), set())


def test_readers_see_it_at_once_where_the_author_is_named(
    app: Flask, everybody: Cast, alice: Browser, client: Browser
) -> None:
    with app.app_context():
        make_post(everybody.alice, "Hers")
        make_post(everybody.alice, "Theirs", bylines=["Ann Lee"])
        before = site_version()
    for page in ("/authors/alice", "/posts/hers"):
        assert "<img" not in client.get(page).text
    send(alice, picture("PNG"))
    name = name_of_picture(app, everybody)
    for page in ("/authors/alice", "/posts/hers"):
        assert f'src="/media/{name}" alt=""' in client.get(page).text, page
    assert "<img" not in client.get("/posts/theirs").text, "another name, another face"
    with app.app_context():
        assert site_version() > before
        commit()


def test_an_upload_that_breaks_off_leaves_nothing(app: Flask, everybody: Cast, config: Config) -> None:
    with app.app_context():
        cookie = open_session(everybody.alice.id)
        db.engine.dispose()
    whole = form_of({FIELD: token(cookie)}, picture("PNG"), "x.png")
    body = whole[:-9]
    head = (
        "POST /account/picture HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
        f"Cookie: sid={cookie}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: "
    )
    with running(config.data) as blog:
        assert send_raw(blog.port, f"{head}{len(body) + 500}\r\n\r\n".encode() + body, ends=True) == 400
        assert stored(app) == (set(), set())
        assert send_raw(blog.port, f"{head}{len(whole)}\r\n\r\n".encode() + whole) == 303
    assert stored(app)[0] == stored(app)[1] == {name_of_picture(app, everybody)}


def send_raw(port: int, request: bytes, *, ends: bool = False) -> int:
    """The status of the answer to raw bytes; `ends`: nothing more is to come."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])
