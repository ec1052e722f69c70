"""What a file really is, and the form in which it is kept: type by content, metadata taken out."""

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from xml.parsers import expat

from PIL import Image, ImageOps, UnidentifiedImageError

from homeport.core.errors import Problem

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000
"""Of all frames together: an animation of 800 kB can hold 60 frames that take a gigabyte and a minute."""

MAX_FRAMES = 500
MAX_SVG_BYTES = 2 * 1024 * 1024
ORIENTATION = 0x0112

# Pillow knows dozens of formats, some with a history of faults; these are the ones browsers show.
FORMATS = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/avif", "avif"),
}
CONTENT_TYPES = {extension: kind for kind, extension in FORMATS.values()} | {"svg": "image/svg+xml"}


@dataclass(frozen=True)
class Picture:
    """A picture as it will be stored. `width` and `height` are pixels, None where an SVG does not say."""

    data: bytes
    content_type: str
    extension: str
    width: int | None
    height: int | None


def read(data: bytes) -> Picture:
    """Recognise and clean a picture. Raises Problem when it is none, is damaged or is too large to be safe."""
    if len(data) <= MAX_BYTES and _looks_like_svg(data):
        return _read_svg(data)
    return _read_raster(data)


def refused(message: str, code: str = "not_a_picture") -> Problem:
    """What somebody is told whose picture cannot be taken."""
    return Problem(message, status=422, code=code, hint="Save it again from a picture program, smaller if need be.")


@contextmanager
def opened(data: bytes, formats: Iterable[str]) -> Iterator[Image.Image]:
    """A picture in one of these formats, of which only the head is read so far; whatever is wrong with it later too
    raises Problem.
    """
    if len(data) > MAX_BYTES:
        raise refused(f"The picture is larger than {MAX_BYTES // 2**20} MB.", "picture_too_large")
    try:
        with Image.open(io.BytesIO(data), formats=list(formats)) as image:
            # Sizes are judged before any pixel is decoded.
            size = image.width * image.height
            if size > MAX_PIXELS or (count := getattr(image, "n_frames", 1)) > MAX_FRAMES or size * count > MAX_PIXELS:
                raise _too_many()
            yield image
    except Image.DecompressionBombError:
        raise _too_many() from None
    except UnidentifiedImageError:
        raise refused(f"This is not a picture that can be shown here ({_list(formats)}).") from None
    except (OSError, ValueError, SyntaxError, EOFError):
        raise refused("The picture is damaged and cannot be read.") from None


def _too_many() -> Problem:
    return refused("The picture has too many pixels or frames to be opened safely.", "picture_too_large")


def _list(formats: Iterable[str]) -> str:
    names = ["WebP" if name == "WEBP" else name for name in formats]
    names += ["SVG"] * (len(names) == len(FORMATS))
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _read_raster(data: bytes) -> Picture:
    with opened(data, FORMATS) as image:
        kind = image.format or ""
        content_type, extension = FORMATS[kind]
        clean = _encode(image, kind)
    with Image.open(io.BytesIO(clean), formats=[kind]) as image:
        return Picture(clean, content_type, extension, image.width, image.height)


def _encode(image: Image.Image, kind: str) -> bytes:
    """Encode anew from the pixels, which leaves EXIF (place, camera), comments and anything hidden behind.

    The colour profile stays, since pictures look wrong without theirs.
    """
    options: dict[str, object] = {"format": kind, **_quality(image, kind)}
    if getattr(image, "is_animated", False):
        options["save_all"] = True
    if kind != "GIF" and image.info.get("icc_profile"):
        options["icc_profile"] = image.info["icc_profile"]
    out = io.BytesIO()
    upright = ImageOps.exif_transpose(image) if _is_turned(image) else image
    for name in ("exif", "comment", "xmp", "photoshop"):
        upright.info.pop(name, None)
    upright.save(out, **options)  # type: ignore[arg-type]  # Pillow types each option apart, here they are one bag
    return out.getvalue()


def _is_turned(image: Image.Image) -> bool:
    return bool(image.getexif().get(ORIENTATION, 1) != 1)


def _quality(image: Image.Image, kind: str) -> dict[str, object]:
    if kind == "JPEG":
        # With the tables of the original, encoding its own pixels again loses next to nothing.
        return {"quality": 90 if _is_turned(image) else "keep", "optimize": True, "exif": b""}
    return {"quality": 90, "exif": b""} if kind in {"WEBP", "AVIF"} else {}


def _looks_like_svg(data: bytes) -> bool:
    return re.search(rb"<svg[\s>]", data[:4096]) is not None and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _read_svg(data: bytes) -> Picture:
    """Accept well-formed SVG that declares no entities: those are how XML bombs and foreign files come in.

    It may hold script: it is only ever served under a policy that lets none run (`media.routes`).
    """
    if len(data) > MAX_SVG_BYTES:
        raise refused(f"The drawing is larger than {MAX_SVG_BYTES // 2**20} MB.", "picture_too_large")
    first: list[tuple[str, dict[str, str]]] = []

    def note(name: str, attributes: dict[str, str]) -> None:
        if not first:
            first.append((name, attributes))

    parser = expat.ParserCreate()
    parser.StartElementHandler = note
    parser.EntityDeclHandler = _refuse_entities
    parser.ExternalEntityRefHandler = _refuse_entities
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):  # the last two: an encoding that expat does not know
        raise refused("The drawing is not well-formed SVG.") from None
    name, attributes = first[0]
    if name.rpartition(":")[2] != "svg":
        raise refused("This is XML, but not an SVG drawing.")
    return Picture(data, "image/svg+xml", "svg", _pixels(attributes.get("width")), _pixels(attributes.get("height")))


def _refuse_entities(*_arguments: object) -> int:
    raise refused("The drawing declares entities, which are not accepted.")


def _pixels(length: str | None) -> int | None:
    number = re.fullmatch(r"(\d{1,5})(?:\.\d+)?(?:px)?", length or "")
    return int(number[1]) if number else None
