"""Posts come from another blog, with their addresses, dates and names; running it again brings changes only."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.events import post_published
from homeport.posts import library, service
from homeport.posts.models import Post
from homeport.posts.service import DraftProblem, IncomingPost
from tests.cast import Cast
from tests.conftest import Browser
from tests.posts.desk import put, stored

THEN = datetime(2020, 2, 3, 4, 5, tzinfo=UTC)
RUST = IncomingPost(
    path="2020/02/03/Rust-1.41.html/",
    title="Rust 1.41",
    body="# News\n\nA *lot*.",
    tags=("Releases", "releases"),
    bylines=("The Release Team", "Zoë"),
    published_at=THEN,
    former_paths=("releases/1.41/", "login", "2020/02/03/Rust-1.41.html"),
)


def bring(app: Flask, incoming: IncomingPost, author_id: int, post_id: int | None = None) -> tuple[int, list[str]]:
    with app.app_context():
        post = db.session.get_one(Post, post_id) if post_id else None
        brought = service.bring_in(incoming, author_id=author_id, now=clock.now(), post=post)
        commit()
        return brought.post.id, [path for path, _reason in brought.refused]


def test_a_post_keeps_its_address_date_and_names(app: Flask, everybody: Cast, client: Browser) -> None:
    post_id, refused = bring(app, RUST, everybody.alice.id)
    assert refused == ["login"]
    post = stored(app, f"/write/{post_id}")
    assert (post["path"], post["status"], post["version"]) == ("2020/02/03/Rust-1.41.html", "published", 1)
    assert (post["published_at"], post["created_at"], post["updated_at"]) == (THEN, THEN, THEN)
    page = client.get("/2020/02/03/Rust-1.41.html")
    assert page.status_code == 200
    assert "The Release Team" in page.text
    assert "A <em>lot</em>." in page.text
    assert client.get("/releases/1.41").location == "/2020/02/03/Rust-1.41.html"


def test_bringing_it_again_changes_what_changed_and_keeps_the_old_text(app: Flask, everybody: Cast) -> None:
    post_id, _ = bring(app, RUST, everybody.alice.id)
    changed = IncomingPost("2020/rust", "Rust 1.41", "Other", bylines=("Zoë",), published_at=THEN)
    assert bring(app, changed, everybody.alice.id, post_id)[0] == post_id
    post = stored(app, f"/write/{post_id}")
    assert (post["body"], post["path"], post["tags"]) == ("Other", "2020/rust", [])
    with app.app_context():
        stands = db.session.get_one(Post, post_id)
        assert [(name.name, name.slug) for name in stands.bylines] == [("Zoë", "zoe")]
        assert [revision.body for revision in library.history(stands)] == ["Other", "# News\n\nA *lot*."]
        assert library.owners("2020/02/03/Rust-1.41.html") == {post_id}


@pytest.mark.parametrize(
    ("status", "published_at", "expected"),
    [
        ("draft", None, ("draft", None, None)),
        ("published", datetime(2090, 1, 1, tzinfo=UTC), ("scheduled", None, datetime(2090, 1, 1, tzinfo=UTC))),
        ("private", THEN, ("private", THEN, None)),
        ("draft", THEN, ("draft", THEN, None)),
    ],
)
def test_what_was_not_public_does_not_become_public(
    app: Flask,
    everybody: Cast,
    client: Browser,
    status: str,
    published_at: datetime | None,
    expected: tuple[str, datetime | None, datetime | None],
) -> None:
    incoming = IncomingPost("old/post", "Title", "Text", status=status, published_at=published_at)
    post = stored(app, f"/write/{bring(app, incoming, everybody.alice.id)[0]}")
    assert (post["status"], post["published_at"], post["scheduled_at"]) == expected
    assert client.get("/old/post").status_code == 404


def test_a_published_post_without_a_date_is_of_today(app: Flask, everybody: Cast) -> None:
    post = stored(app, f"/write/{bring(app, IncomingPost('x', 'T', 'B'), everybody.alice.id)[0]}")
    assert abs(post["published_at"] - clock.now()) < timedelta(minutes=1)


def test_old_posts_are_no_news(app: Flask, everybody: Cast) -> None:
    told: list[int] = []

    def note(_sender: object, post: Post, now: datetime) -> None:
        told.append(post.id)

    with post_published.connected_to(note):
        bring(app, RUST, everybody.alice.id)
    assert told == []


def test_a_post_does_not_push_another_from_its_address(app: Flask, everybody: Cast) -> None:
    put(app, everybody.bob, "Mine", path="old/post")
    with pytest.raises(DraftProblem, match="Another post has or had this address"):
        bring(app, IncomingPost("old/post", "Theirs", "Text"), everybody.alice.id)
    _, refused = bring(app, IncomingPost("new/post", "T", "B", former_paths=("old/post",)), everybody.alice.id)
    assert refused == ["old/post"]
