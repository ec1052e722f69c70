"""What questions about public posts are answered with: plain rows, which pages and feeds only read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from homeport.core.http import Role, Viewer

_LONG_WORDS, _LONG_HEADINGS = 800, 3


class Name(NamedTuple):
    """A tag or an author: the words to show, and the last part of its address."""

    name: str
    slug: str


class Position(NamedTuple):
    """A place in the order of public posts, which is by time and, within the same instant, by id."""

    published_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Line:
    """A post as one line of a list."""

    path: str
    title: str
    published_at: datetime

    @property
    def address(self) -> str:
        """The post's address on this site, from `/` on and percent-encoded."""
        return address(self.path)


@dataclass(frozen=True, slots=True)
class Entry(Line):
    """A post in a list with what makes a reader choose it. `summary` is its author's, or else its first words."""

    id: int
    summary: str
    words: int
    authors: tuple[Name, ...]
    tags: tuple[Name, ...]

    @property
    def position(self) -> Position:
        """Where the next page begins when this is the last entry of the present one."""
        return Position(self.published_at, self.id)


@dataclass(frozen=True, slots=True)
class Article(Entry):
    """A post to be read. `html` is sanitised; `public` is False for a private post that its viewer may see.

    `picture` is the name of its author's, where they have one and the post bears no other names.
    """

    author_id: int
    updated_at: datetime
    html: str
    toc: Sequence[dict[str, str | int]]
    public: bool
    picture: str | None

    @property
    def contents(self) -> Sequence[dict[str, str | int]]:
        """The headings to list before the text: those of a text so long that a reader is helped by it."""
        return self.toc if len(self.toc) >= _LONG_HEADINGS and self.words > _LONG_WORDS else ()

    def editable_by(self, viewer: Viewer) -> bool:
        """Whether to offer the way to the desk; the desk itself asks the database."""
        return viewer.may(Role.EDITOR) or (viewer.may(Role.AUTHOR) and viewer.user_id == self.author_id)


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody who has published. Who has no account here has no `bio`, no `link` and no `picture`."""

    name: str
    slug: str
    bio: str = ""
    link: str = ""
    picture: str | None = None


class Standing(NamedTuple):
    """Where a post stands, as facts that a page for its writers goes by; in the order of `queries.STATES`."""

    draft: bool
    scheduled: bool
    published: bool
    private: bool
    trashed: bool


class Preview(NamedTuple):
    """A post as a preview link shows it, and the link."""

    article: Article
    link_id: int
    expires_at: datetime


def address(path: str) -> str:
    """The address of a stored path: percent-encoded, with one leading slash (RFC 3986, 3.3): two would name a host."""
    return "/" + quote(path.lstrip("/"), safe="/:@!$&'()*+,;=~")
