"""A post as JSON: what programs are told of it, and what they may say."""

from typing import Any

from homeport.posts.models import Post
from homeport.posts.problems import DraftProblem
from homeport.posts.rows import Standing, address
from homeport.posts.texts import Draft
from homeport.ui.filters import machine_time

TEXTS = ("title", "body", "summary", "path")
MAY_SAY = frozenset({*TEXTS, "tags", "version"})
TIMES = ("created_at", "updated_at", "published_at", "scheduled_at")
TOLD = frozenset({*TIMES, "id", "state", "address"})
"""What the blog itself says of a post. It may be sent back with what was read, and changes nothing."""

NOTHING = Draft("", "")


def line(row: Any, origin: str) -> dict[str, Any]:
    """A post in a list: `row` holds its columns and its state."""
    return _about(row, row.state.value, origin)


def whole(post: Post, standing: Standing, origin: str) -> dict[str, Any]:
    """A post with its text."""
    state = next(word for word, stands_so in standing._asdict().items() if stands_so)
    text = {"body": post.body, "summary": post.summary, "tags": [tag.name for tag in post.tags]}
    return _about(post, state, origin) | text


def _about(post: Any, state: str, origin: str) -> dict[str, Any]:
    told = {name: getattr(post, name) for name in ("id", "version", "title", "path")}
    times = {name: getattr(post, name) for name in TIMES}
    moments = {name: machine_time(moment) if moment else None for name, moment in times.items()}
    return told | moments | {"state": state, "address": origin + address(post.path)}


def draft(sent: dict[str, Any], present: Draft = NOTHING) -> Draft:
    """The text that a program sent; what it left out stays as it is at `present`. Raises DraftProblem for the rest."""
    for name in sent:
        if name not in MAY_SAY | TOLD:
            raise DraftProblem(name[:40], f"A post has no “{name[:40]}”.", "Leave it out, or look at its spelling.")
    said = {name: _text(sent, name) for name in TEXTS if name in sent}
    kept = {name: getattr(present, name) for name in TEXTS}
    return Draft(**(kept | said), tags=_tags(sent) if "tags" in sent else present.tags)


def version(sent: dict[str, Any]) -> int:
    """The version that was read before it was changed. Raises DraftProblem where it is not said."""
    seen = sent.get("version")
    if not isinstance(seen, int) or isinstance(seen, bool) or not 0 < seen < 10**9:
        hint = "Send the number that came with the text you changed."
        raise DraftProblem("version", "It is not said which version was changed.", hint)
    return seen


def _text(sent: dict[str, Any], name: str) -> str:
    if not isinstance(sent[name], str):
        raise DraftProblem(name, f"“{name}” is not a text.", "Put it in double quotes.")
    return str(sent[name])


def _tags(sent: dict[str, Any]) -> tuple[str, ...]:
    tags = sent["tags"]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise DraftProblem("tags", "“tags” is not a list of texts.", 'Write them as ["travel", "islands"].')
    return tuple(tags)
