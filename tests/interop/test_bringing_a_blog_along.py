"""Somebody brings their old blog: what comes in, under which address, and what they are told."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.interop.pictures import Pictures
from homeport.interop.report import Outcome, Report
from homeport.interop.service import FolderImport
from homeport.media.models import Media
from homeport.media.service import sweep
from homeport.posts.models import Post, Redirect, Revision, Status
from tests.cast import Cast
from tests.conftest import Browser
from tests.interop.folders import HUGO, JEKYLL, PELICAN, ZOLA, Files, png, write


@dataclass
class Blog:
    """A blog being filled from a folder."""

    app: Flask
    everybody: Cast
    root: Path

    def bring(self, files: Files | None = None, *, dry_run: bool = False) -> Report:
        """Write the files and run the import as the command does."""
        write(self.root, files or {})
        config: Config = self.app.config["HOMEPORT"]
        now, author = clock.now(), self.everybody.alice.id
        with self.app.app_context():
            pictures = Pictures(config.media, author, now, dry_run)
            return FolderImport(self.root, author, pictures, ZoneInfo("UTC"), now, dry_run).run(
                lambda _done, _total: commit()
            )

    def posts(self) -> dict[str, Post]:
        """Every post by its address, with what the tests look at loaded."""
        with self.app.app_context():
            posts = db.session.scalars(select(Post)).all()
            for post in posts:
                _ = [tag.name for tag in post.tags], [byline.name for byline in post.bylines], post.body
            return {post.path: post for post in posts}


@pytest.fixture
def blog(app: Flask, everybody: Cast, tmp_path: Path) -> Blog:
    """An empty blog and an empty folder."""
    root = tmp_path / "old"
    root.mkdir()
    return Blog(app, everybody, root)


def remarks(report: Report) -> str:
    """Everything the report says, as one text."""
    return "\n".join(" | ".join(line) for line in report.lines())


def test_a_zola_blog_comes_in_at_its_old_addresses(blog: Blog, client: Browser) -> None:
    report = blog.bring(ZOLA)
    posts = blog.posts()
    assert set(posts) == {"blog/sea", "blog/boats", "blog/secret"}
    assert posts["blog/secret"].status is Status.DRAFT
    assert [tag.name for tag in posts["blog/sea"].tags] == ["Travel", "Water"]
    assert [byline.name for byline in posts["blog/boats"].bylines] == ["Ann Lee", "Bo"]
    assert str(posts["blog/boats"].published_at) == "2021-05-06 05:08:09+00:00"
    assert client.get("/blog/sea").status_code == 200
    assert client.get("/old/sea.html").headers["Location"].endswith("/blog/sea")
    assert client.get("/blog/secret").status_code == 404
    assert report.count(Outcome.FAILED) == 0
    assert "_index.md | not a post | a section's own page" in remarks(report)


def test_references_lead_to_where_things_are_now(blog: Blog, client: Browser) -> None:
    report = blog.bring(ZOLA)
    posts = blog.posts()
    assert "(/blog/boats#sails)" in posts["blog/sea"].body
    assert "`[no](x.md)`" in posts["blog/sea"].body
    boats = posts["blog/boats"].body
    picture = boats.split("![a boat](")[1].split(")")[0]
    assert client.get(picture).content_type == "image/png"
    assert f'<img src="{picture}"' in boats
    assert "![not touched](boat.png)" in boats
    assert "[up](/blog/sea)" in boats
    assert "leads nowhere: gone.png" in remarks(report)
    assert "https://far.example/x.png" in remarks(report)


def test_a_hugo_blog_comes_in(blog: Blog) -> None:
    report = blog.bring(HUGO)
    posts = blog.posts()
    assert set(posts) == {"2019/02/steps", "my/own/place", "uses"}
    assert "Look: /my/own/place and ![logo](/media/" in posts["2019/02/steps"].body
    assert "calls the template youtube" in remarks(report)
    assert "uses.md | came in | has no date" in remarks(report)
    assert "about.md | failed | " in remarks(report)
    with blog.app.app_context():
        assert set(db.session.scalars(select(Redirect.path))) == {"walk", "posts/near"}


def test_a_jekyll_blog_comes_in(blog: Blog) -> None:
    report = blog.bring(JEKYLL)
    posts = blog.posts()
    assert set(posts) == {"news-misc/2018/07/08/hello-world", "special.html", "idea"}
    hello = posts["news-misc/2018/07/08/hello-world"]
    assert hello.title == "Hello: World"
    assert "[next](/special.html) ![p](/media/" in hello.body
    assert posts["special.html"].status is Status.DRAFT
    assert posts["idea"].status is Status.DRAFT
    assert report.count(Outcome.FAILED) == 0


def test_a_pelican_blog_comes_in_and_its_configuration_is_not_run(blog: Blog) -> None:
    blog.bring(PELICAN)
    posts = blog.posts()
    assert set(posts) == {"posts/one", "posts/two"}
    assert "![x](/media/" in posts["posts/one"].body
    assert "[two](/posts/two)" in posts["posts/one"].body
    assert [byline.name for byline in posts["posts/one"].bylines] == ["Cleo"]
    assert posts["posts/two"].status is Status.DRAFT


@pytest.mark.parametrize("files", [ZOLA, HUGO, JEKYLL, PELICAN], ids=["zola", "hugo", "jekyll", "pelican"])
def test_a_second_run_changes_nothing(blog: Blog, files: Files) -> None:
    blog.bring(files)
    before = {path: (post.id, post.version, post.updated_at) for path, post in blog.posts().items()}
    for _ in range(2):
        report = blog.bring()
        assert report.count(Outcome.CREATED) + report.count(Outcome.UPDATED) + report.count(Outcome.KEPT) == 0
    assert {path: (post.id, post.version, post.updated_at) for path, post in blog.posts().items()} == before


def test_a_folder_that_was_moved_is_recognised(blog: Blog, tmp_path: Path) -> None:
    blog.bring(ZOLA)
    blog.root = blog.root.rename(tmp_path / "elsewhere")
    report = blog.bring()
    assert report.count(Outcome.UNCHANGED) == 3
    assert len(blog.posts()) == 3
    changed = str(ZOLA["content/blog/2020-03-04-sea.md"]).replace("The sea", "The wide sea")
    report = blog.bring({"content/blog/2020-03-04-sea.md": changed})
    assert (report.count(Outcome.UPDATED), report.count(Outcome.FAILED)) == (1, 0)


def test_a_file_that_changed_updates_its_post(blog: Blog) -> None:
    blog.bring(ZOLA)
    changed = str(ZOLA["content/blog/2020-03-04-sea.md"]).replace("The sea", "The wide sea")
    report = blog.bring({"content/blog/2020-03-04-sea.md": changed})
    assert report.count(Outcome.UPDATED) == 1
    assert blog.posts()["blog/sea"].title == "The wide sea"


def test_what_was_edited_here_is_not_overwritten(blog: Blog) -> None:
    blog.bring(ZOLA)
    with blog.app.app_context():
        post = db.session.scalars(select(Post).where(Post.path == "blog/sea")).one()
        post.title, post.version = "Mine now", post.version + 1
        commit()
    changed = str(ZOLA["content/blog/2020-03-04-sea.md"]).replace("The sea", "The wide sea")
    report = blog.bring({"content/blog/2020-03-04-sea.md": changed})
    assert report.count(Outcome.KEPT) == 1
    assert blog.posts()["blog/sea"].title == "Mine now"


def test_a_dry_run_tells_the_same_and_changes_nothing(blog: Blog, config: Config) -> None:
    dry = blog.bring(ZOLA, dry_run=True)
    assert blog.posts() == {}
    assert not config.media.exists()
    with blog.app.app_context():
        assert [
            db.session.scalar(select(func.count()).select_from(table)) for table in (Media, Redirect, Revision)
        ] == [0] * 3
    assert list(dry.lines()) == list(blog.bring().lines())
    assert dry.pictures


BROKEN: Files = {
    "latin.md": "+++\ntitle='x'\n+++\nGr\u00fc\u00dfe".encode("latin-1"),
    "toml.md": "+++\ntitle = \n+++\nx",
    "yaml.md": "---\ntitle: [unclosed\n---\nx",
    "bomb.md": "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\ntitle: bomb\n---\nx",
    "python.md": "---\ntitle: !!python/object/apply:os.system ['touch /tmp/owned']\n---\nx",
    "list.md": "---\n- a\n- b\n---\nx",
    "nul.md": b"+++\ntitle='n'\n+++\na\0b",
    "huge.md": b"+++\ntitle='h'\n+++\n" + b"x" * 6_000_000,
    "reserved.md": "+++\ntitle='r'\npath='login'\ndate=2020-01-01\n+++\nx",
    "long.md": f"+++\ntitle='l'\npath='{'a/' * 300}'\ndate=2020-01-01\n+++\nx",
    "climb.md": "+++\ntitle='c'\npath='../../etc'\ndate=2020-01-01\n+++\nx",
    "twin.md": "+++\ntitle='t'\npath='fine'\ndate=2020-01-01\n+++\nx",
}


def test_one_broken_file_stops_nothing(blog: Blog, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("+++\ntitle='secret'\n+++\nsecret")
    (blog.root / "link.md").symlink_to(outside)
    report = blog.bring({**BROKEN, "fine.md": "+++\ntitle='Fine'\ndate=2020-01-01\n+++\nok"})
    failed = {entry.file: entry.reason for entry in report.entries if entry.outcome is Outcome.FAILED}
    assert set(failed) == {*BROKEN, "link.md"}
    assert all(len(reason) > 10 and "Traceback" not in reason for reason in failed.values())
    assert set(blog.posts()) == {"fine"}


def test_a_broken_picture_is_told_and_the_post_comes_in(blog: Blog) -> None:
    report = blog.bring(
        {"a.md": "+++\ntitle='A'\ndate=2020-01-01\n+++\n![x](x.png)![y](y.png)", "x.png": png()[:45], "y.png": png()}
    )
    assert "x.png was not taken: The picture is damaged" in remarks(report)
    assert "![y](/media/" in blog.posts()["a"].body


def test_a_picture_of_two_posts_stays_although_the_first_one_fails(blog: Blog, config: Config) -> None:
    text = "+++\ntitle='A'\ndate=2020-01-01\n+++\n![x](x.png)"
    report = blog.bring({"admin.md": text, "b.md": text, "x.png": png()})
    assert report.count(Outcome.FAILED) == 1
    with blog.app.app_context():
        sweep(config.media, clock.now() + timedelta(days=2))
    [picture] = config.media.iterdir()
    assert f"/media/{picture.name}" in blog.posts()["b"].body


def test_a_future_post_is_scheduled(blog: Blog) -> None:
    blog.bring({"later.md": "+++\ntitle='Later'\ndate=2199-01-01\n+++\nx"})
    assert blog.posts()["later"].status is Status.SCHEDULED


def test_a_note_without_head_and_date_does_not_become_public(blog: Blog) -> None:
    blog.bring({"README.md": "# My notes\n\nprivate"})
    assert blog.posts()["README"].status is Status.DRAFT


def test_a_folder_without_markdown_is_one_sentence(blog: Blog) -> None:
    with pytest.raises(Problem, match="no Markdown file"):
        blog.bring({"a.txt": "x"})


def test_a_footnote_is_not_taken_for_a_link(blog: Blog) -> None:
    report = blog.bring({"a.md": "+++\ntitle='A'\ndate=2020-01-01\n+++\nSaid[^1].\n\n[^1]: It's so.\n\n[b]: gone.md\n"})
    assert [remark for _, _, remark in report.lines()] == ["link leads nowhere: gone.md"]


def test_what_was_private_stays_so_and_any_address_is_kept(blog: Blog, client: Browser) -> None:
    head = "---\ntitle: Mine\ndate: 2020-01-01\ndraft: true\nvisibility: private\npath: notes/a:b\n---\nText\n"
    blog.bring({"mine.md": head})
    assert blog.posts()["notes/a:b"].status is Status.PRIVATE
    assert client.get("/notes/a:b").status_code == 404
