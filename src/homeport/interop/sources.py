"""Finding the posts of a folder and reading what each says of itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from homeport.core.errors import Problem
from homeport.interop import generators
from homeport.interop.frontmatter import FrontMatter, split
from homeport.interop.generators import Generator

MAX_BYTES = 5 * 1024 * 1024
ENDINGS = {".md", ".markdown", ".mdown", ".mkd"}
_NOT_POSTS = {"node_modules", "themes", "layouts", "templates", "_site", "_includes", "_layouts", "public"}
_HEADING = re.compile(r"(?m)^#{1,2}[ \t]+(.+)$")


class NotAPost(Exception):
    """A Markdown file that is part of a site but no post; the message says what it is."""


@dataclass(frozen=True)
class Source:
    """One post as its file describes it. `folder` is where relative references of its text start."""

    file: Path
    place: PurePosixPath
    address: str
    title: str
    summary: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    aliases: tuple[str, ...]
    draft: bool
    private: bool
    date: datetime
    updated: datetime | None
    remarks: tuple[str, ...]


def find(root: Path, generator: Generator) -> Iterator[Path]:
    """The Markdown files below the content folder, in order; hidden folders and those of themes are passed over."""
    top = root / generator.content
    for path in sorted(top.rglob("*")):
        inside = path.relative_to(top).parts
        if path.suffix.lower() in ENDINGS and not any(_passed_over(part) for part in inside[:-1]):
            yield path


def _passed_over(folder: str) -> bool:
    return folder.startswith(".") or folder in _NOT_POSTS


def read_text(root: Path, path: Path) -> str:
    """The file's text. Raises Problem for what is too large, no UTF-8, or lies outside the folder."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise Problem("is a link to a file outside the folder", code="outside_folder")
    try:
        if not path.is_file():  # a pipe, perhaps, which would never end
            raise Problem("is not a file", code="file_unreadable")
        if path.stat().st_size > MAX_BYTES:
            raise Problem(f"is larger than {MAX_BYTES // 2**20} MB", code="file_too_large")
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(f"is not UTF-8 text (byte {error.start})", code="not_text") from None
    except OSError as error:
        raise Problem(f"cannot be read: {error.strerror}", code="file_unreadable") from None
    if "\0" in text:
        raise Problem("is not text: it holds NUL bytes", code="not_text")
    return text


def read(root: Path, path: Path, generator: Generator, zone: ZoneInfo) -> Source:
    """Describe one post. Raises Problem when it cannot be read, NotAPost when it is something else."""
    front, body = split(read_text(root, path))
    _refuse_sections(path, front, body)
    place = PurePosixPath(path.relative_to(root / generator.content))
    title = front.text("title") or _first_heading(body) or generators.slugify(path.stem).replace("-", " ").capitalize()
    date = front.moment(zone, "date", "publishdate") or _date_in(front, path, zone)
    address = generator.address(_without_special_folders(place), front, title, date)
    remarks = [] if date else [f"has no date: dated by its file, {_file_date(path):%Y-%m-%d}"]
    unfinished = _is_draft(place, front)
    if front.syntax == "none" and not date:
        unfinished, remarks = True, ["has neither head nor date: came in as a draft"]
    return Source(
        file=path,
        place=place,
        address=address,
        title=title,
        summary=front.text("description", "summary", "excerpt"),
        tags=front.words("tags", "tag", "categories", "category"),
        authors=front.words("authors", "author"),
        aliases=_aliases(front, generator, place),
        draft=unfinished,
        private=front.text("visibility").lower() == "private",
        date=date or _file_date(path),
        updated=front.moment(zone, "updated", "lastmod", "last_modified_at", "modified"),
        remarks=tuple(remarks),
    )


def _refuse_sections(path: Path, front: FrontMatter, body: str) -> None:
    if path.stem == "_index":
        raise NotAPost("a section's own page")
    if not body.strip():
        if front.text("template", "layout"):
            raise NotAPost("only names a template")
        if not front.text("title"):
            raise NotAPost("is empty")


def _first_heading(body: str) -> str:
    heading = _HEADING.search(body)
    return heading[1].rstrip(" \t\r#").strip() if heading else ""


def _is_draft(place: PurePosixPath, front: FrontMatter) -> bool:
    return (
        front.flag("draft") is True
        or front.flag("published") is False
        or front.text("status").lower() in {"draft", "hidden"}
        or place.parts[0] in {"_drafts", "drafts"}
    )


def _without_special_folders(place: PurePosixPath) -> PurePosixPath:
    parts = [part for part in place.parts if part not in {"_posts", "_drafts"}]
    return PurePosixPath(*parts)


def _date_in(front: FrontMatter, path: Path, zone: ZoneInfo) -> datetime | None:
    name = path.parent.name if path.stem == "index" else path.stem
    for text in (front.text("path", "url", "permalink"), name):
        found = generators.date_in(text)
        if found:
            try:
                return datetime(*found, tzinfo=zone).astimezone(UTC)
            except ValueError:
                continue
    return None


def _file_date(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)


def _aliases(front: FrontMatter, generator: Generator, place: PurePosixPath) -> tuple[str, ...]:
    """Former addresses; in Hugo those without a leading slash are relative to the post's own section."""
    found = front.words("aliases", "redirect_from")
    if generator.name == "hugo":
        found = tuple(alias if alias.startswith("/") else f"{place.parent}/{alias}" for alias in found)
    return tuple(dict.fromkeys(address for alias in found if (address := generators.normal(alias))))
