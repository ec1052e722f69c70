"""Somebody adds a picture: what is taken, what is left out of it, and what is refused."""

import io
import struct
import tracemalloc
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image, ImageFile

from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.media import images, service
from homeport.media.models import Media

GPS_IFD = 0x8825


def picture(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A small picture of one format."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")])
def test_a_picture_is_known_by_its_content_not_its_name(kind: str, extension: str) -> None:
    kept = images.read(picture(kind))
    assert (kept.extension, kept.width, kept.height) == (extension, 40, 30)


def test_the_place_a_photograph_was_taken_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[GPS_IFD] = {1: "N", 2: (48.0, 8.0, 0.0)}
    photograph = picture("JPEG", exif=exif)
    assert b"SecretCamera" in photograph
    kept = images.read(photograph)
    assert b"SecretCamera" not in kept.data
    with Image.open(io.BytesIO(kept.data)) as image:
        assert not image.getexif()


def test_a_photograph_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[images.ORIENTATION] = 6
    kept = images.read(picture("JPEG", exif=exif))
    assert (kept.width, kept.height) == (30, 40)


def test_a_moving_gif_keeps_moving() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50)
    with Image.open(io.BytesIO(images.read(out.getvalue()).data)) as image:
        assert getattr(image, "n_frames", 1) == 3


def test_what_hides_behind_a_picture_is_not_kept() -> None:
    kept = images.read(picture("PNG") + b"<script>alert(1)</script>")
    assert b"script" not in kept.data


def bomb_png(width: int, height: int) -> bytes:
    """A PNG whose header promises more pixels than anybody has."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"%PDF-1.4",
        b"8BPS\x00\x01" + bytes(40),
        b"SIMPLE  =                    T" + b" " * 50 + b"BITPIX  =                    8" + b" " * 2800,
        b"icns\x00\x00\x00\x10" + bytes(40),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        picture("TIFF"),
        picture("BMP"),
        picture("PNG")[:60],
        bomb_png(50_000, 50_000),
        b"<html><svg onload=alert(1)></html>",
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>',
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        b"<svg><g></svg>",
        b"<svg " + b"x" * 3_000_000,
    ],
)
def test_what_is_no_safe_picture_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(Problem) as refused:
        images.read(data)
    assert refused.value.status == 422
    assert refused.value.message.endswith(".")


def store(app: Flask, data: bytes) -> str:
    """Keep a picture in the application's blog; its name."""
    config: Config = app.config["HOMEPORT"]
    with app.app_context():
        media = service.store(data, original_name="x.png", owner_id=None, folder=config.media, now=clock.now())
        name = media.name
        commit()
    return name


def test_the_same_picture_is_kept_once(app: Flask) -> None:
    assert store(app, picture("PNG")) == store(app, picture("PNG"))
    with app.app_context():
        assert db.session.query(Media).count() == 1


def test_a_picture_whose_file_was_lost_can_be_added_again(app: Flask, config: Config) -> None:
    name = store(app, picture("PNG"))
    (config.media / name).unlink()
    assert store(app, picture("PNG")) == name
    assert (config.media / name).exists()


def test_a_full_disk_leaves_neither_row_nor_file(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    config.media.parent.mkdir(exist_ok=True)
    config.media.write_text("a file where the folder should be")
    with pytest.raises(Problem) as refused:
        store(app, picture("PNG"))
    assert refused.value.status == 507
    with app.app_context():
        assert db.session.query(Media).count() == 0


def test_files_without_a_row_are_swept_after_a_day(app: Flask, config: Config) -> None:
    name = store(app, picture("PNG"))
    orphan: Path = config.media / ("0" * 64 + ".png")
    orphan.write_bytes(b"left by a crash")
    with app.app_context():
        assert service.sweep(config.media, clock.now()) == 0
        assert service.sweep(config.media, clock.now() + timedelta(days=2)) == 1
    assert not orphan.exists()
    assert (config.media / name).exists()


def moving(frames: int, size: int) -> bytes:
    """A GIF of frames of two colours in turn, which are next to nothing when compressed."""
    pictures = [Image.new("1", (size, size), number % 2) for number in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()


def test_a_small_file_of_many_large_frames_is_refused_before_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[ImageFile.ImageFile] = []
    load = ImageFile.ImageFile.load

    def draw(image: ImageFile.ImageFile) -> object:
        drawn.append(image)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", draw)
    images.read(moving(frames=2, size=20))
    assert len(drawn) >= 2, "this is where frames are drawn"
    drawn.clear()
    small = moving(frames=14, size=2000)
    assert len(small) < 100_000
    with pytest.raises(Problem, match="too many pixels or frames"):
        images.read(small)
    assert drawn == []


def test_a_drawing_of_many_parts_takes_no_more_memory_than_a_few_times_its_size() -> None:
    drawing = b"<svg>" + b"<a/>" * 400_000 + b"</svg>"
    tracemalloc.start()
    try:
        assert images.read(drawing).extension == "svg"
        assert tracemalloc.get_traced_memory()[1] < 8 * len(drawing)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-7", "idna", "hex", "no-such", "utf-16"])
def test_a_drawing_in_an_encoding_nobody_knows_is_refused_with_a_sentence(encoding: str) -> None:
    drawing = f'<?xml version="1.0" encoding="{encoding}"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'
    with pytest.raises(Problem):
        images.read(drawing.encode())
