"""The file that somebody takes along: what lies where in it, and how a post becomes Markdown that can be imported."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import yaml

from homeport.core.db import db, end_transaction, reading
from homeport.interop import links, personal_data, queries
from homeport.interop.personal_data import Person
from homeport.media.queries import names_of
from homeport.posts.models import Post, Revision
from homeport.posts.queries import standing

T = TypeVar("T")
Advance = Callable[[int, int], None]

README = """Everything that {title} holds about you, {name}, as of {when}.

content/     your posts as Markdown, each with its facts in front (YAML); drafts say "draft: true",
             private posts "visibility: private". "homeport import" takes this whole folder back, and
             other blogs that read Markdown take content/ and media/.
revisions/   every earlier version that was kept of them, and of other people's posts where you saved them
trash/       the posts that you have thrown away; an import leaves them out
media/       the pictures in them, and those that you have added
data/        what else the blog knows about you, one file for each of its tables (JSON); times are in UTC

Left out on purpose:
{left_out}
"""

_PICTURE = re.compile(r"/media/([0-9a-f]{64}\.\w{2,5})")


class _Item(NamedTuple):
    name: str
    text: str


@dataclass
class Takeout:
    """One file being filled. `advance(done, total)` is told how many of the posts and pictures are in it."""

    zip: ZipFile
    person: Person
    media: Path
    now: datetime
    advance: Advance
    pictures: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    done: int = 0

    def fill(self, title: str) -> None:
        """Write everything. Raises OSError where the disk is full or away."""
        self._write("README.txt", _readme(title, self.person, self.now))
        for name, rows in personal_data.rows_about(self.person):
            self._write(f"data/{name}.json", json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        self.pictures |= _look(lambda: names_of(self.person.id))
        posts = _look(lambda: queries.posts_of(self.person.id))
        for post_id in posts:
            self._add_post(post_id)
            self._count(len(posts) + len(self.pictures))
        self._add_revisions_elsewhere()
        for name in sorted(self.pictures):
            if (self.media / name).is_file():
                self.zip.write(self.media / name, f"media/{name}", ZIP_STORED)
            self._count(len(posts) + len(self.pictures))

    def _count(self, total: int) -> None:
        self.done += 1
        self.advance(self.done, total)

    def _add_post(self, post_id: int) -> None:
        for name, text in _look(lambda: list(self._items(post_id))):
            self._write(name, text)

    def _items(self, post_id: int) -> Iterator[_Item]:
        post = db.session.get(Post, post_id)
        if post is None:  # deleted since
            return
        stem = self._stem(post)
        folder = "trash" if standing(post).trashed else "content/posts"
        yield _Item(f"{folder}/{stem}.md", self._markdown(_head(post), post.body, folder))
        for revision in queries.revisions_of(post.id):
            yield self._revision(revision, f"revisions/{stem}")

    def _add_revisions_elsewhere(self) -> None:
        for name, text in _look(lambda: list(self._items_elsewhere())):
            self._write(name, text)

    def _items_elsewhere(self) -> Iterator[_Item]:
        for row in queries.revisions_elsewhere(self.person.id):
            yield self._revision(row, f"revisions/of-others/{row.post_id}")

    def _revision(self, revision: Revision, folder: str) -> _Item:
        head = {"title": revision.title, "saved": revision.saved_at.isoformat(), "version": revision.version}
        head |= {"description": revision.summary, "tags": list(revision.tags)}
        return _Item(f"{folder}/{revision.version:04}.md", self._markdown(head, revision.body, folder))

    def _stem(self, post: Post) -> str:
        day = post.published_at or post.scheduled_at or post.created_at
        words = re.sub(r"[^a-z0-9]+", "-", post.path.rpartition("/")[2].lower()).strip("-")[:60] or str(post.id)
        stem = f"{day:%Y-%m-%d}-{words}"
        stem = f"{stem}-{post.id}" if stem in self.used else stem
        self.used.add(stem)
        return stem

    def _markdown(self, head: dict[str, Any], body: str, folder: str) -> str:
        self.pictures |= set(_PICTURE.findall(body))
        up = "../" * (folder.count("/") + 1)

        def resolve(reference: str, _is_picture: bool) -> str | None:
            return up + reference[1:] if _PICTURE.fullmatch(reference) else None

        facts = {name: value for name, value in head.items() if value or value == 0}
        front = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=10**9)
        return f"---\n{front}---\n{links.rewrite(body, resolve)}"

    def _write(self, name: str, text: str) -> None:
        entry = ZipInfo(name, date_time=self.now.timetuple()[:6])
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
        self.zip.writestr(entry, text.encode())


def _look(question: Callable[[], T]) -> T:
    """What a question is answered with, in a short transaction that only reads; nothing is kept in the session."""
    with reading():
        found = question()
        db.session.expunge_all()
        end_transaction()
    return found


def _readme(title: str, person: Person, now: datetime) -> str:
    reasons = "\n".join(f"  {column}: {reason}" for column, reason in personal_data.LEFT_OUT.items())
    return README.format(title=title, name=person.name, when=f"{now:%Y-%m-%d %H:%M} UTC", left_out=reasons)


def _head(post: Post) -> dict[str, Any]:
    """What stands in front of a post, in the words that the importer, Zola and Hugo know."""
    stands = standing(post)
    public = stands.published or stands.scheduled
    return {
        "title": post.title,
        "path": post.path,
        "date": (post.scheduled_at or post.published_at or post.created_at).isoformat(),
        "updated": post.updated_at.isoformat(),
        "description": post.summary,
        "tags": [tag.name for tag in post.tags],
        "authors": [byline.name for byline in post.bylines],
        "aliases": [f"/{path}" for path in queries.former_paths(post.id)],
        "draft": not public,
        "visibility": "private" if stands.private else "",
    }


def fill(file: ZipFile, person: Person, *, title: str, media: Path, now: datetime, advance: Advance) -> None:
    """Fill an empty file with everything about somebody. Raises OSError where the disk is full or away."""
    Takeout(file, person, media, now, advance).fill(title)
