"""The addresses that readers come to. All are public, and the page cache may keep what anonymous readers get."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement

from homeport.core import markdown
from homeport.core.errors import not_found
from homeport.core.http import cached, public, viewer
from homeport.core.site import site
from homeport.posts import queries
from homeport.reading import archive as shelves
from homeport.reading import facts, lost
from homeport.reading.paging import page

bp = Blueprint("reading", __name__, template_folder="templates")


@bp.get("/")
@public
@cached("before")
def home() -> str:
    """The newest posts."""
    return _list("reading/home.html", "/")


@bp.get("/tags")
@public
@cached()
def tags() -> str:
    """Every tag, with its number of posts."""
    return render_template("reading/tags.html", counted=queries.tags_with_counts(), canonical=_canonical("/tags"))


@bp.get("/tags/<slug>")
@public
@cached("before")
def tag(slug: str) -> str:
    """The posts with a tag."""
    found = queries.tag(slug)
    if found is None:
        raise not_found()
    return _list("reading/tag.html", queries.address(f"tags/{slug}"), queries.tagged(slug), tag=found)


@bp.get("/authors/<slug>")
@public
@cached("before")
def author(slug: str) -> str:
    """Somebody who writes here, and what they have written."""
    found = queries.profile(slug)
    if found is None:
        raise not_found()
    return _list("reading/author.html", queries.address(f"authors/{slug}"), queries.written_by(slug), author=found)


@bp.get("/archive")
@public
@cached()
def archive() -> str:
    """All years, and the posts of the newest; all posts while there are few."""
    zone = ZoneInfo(site().time_zone)
    counted = shelves.years(zone)
    front = shelves.front(counted, zone)
    return render_template(
        "reading/archive.html", counted=counted, shelves=front, canonical=_canonical("/archive"), year=None
    )


@bp.get("/archive/<int:year>")
@public
@cached()
def archive_year(year: int) -> str:
    """The posts of one year."""
    zone = ZoneInfo(site().time_zone)
    found = shelves.one_year(year, zone)
    canonical = _canonical(f"/archive/{year}")
    return render_template(
        "reading/archive.html", counted=shelves.years(zone), shelves=found, canonical=canonical, year=year
    )


@bp.get("/about")
@public
@cached()
def about() -> str:
    """What the owner says about the blog."""
    text = markdown.render(site().about)
    return render_template("reading/about.html", text=text, canonical=_canonical("/about"))


@bp.get("/<path:path>")
@public
@cached()
def post(path: str) -> ResponseReturnValue:
    """A post at its own address. This route takes every address that no other one does."""
    article = queries.article(path, viewer())
    if article is None:
        return lost.answer(path, viewer())
    canonical = _canonical(article.address)
    older, newer = queries.neighbours(article.position) if article.public else (None, None)
    return render_template(
        "reading/post.html",
        post=article,
        canonical=canonical,
        older=older,
        newer=newer,
        picture=facts.picture(article, canonical),
        json_ld=facts.json_ld(article, canonical, site()) if article.public else None,
        contents=article.contents,
        may_edit=article.editable_by(viewer()),
    )


def _list(template: str, address: str, among: ColumnElement[bool] | None = None, **about: Any) -> str:
    found = page(address, request.args.get("before", ""), site().posts_per_page, among)
    return render_template(template, page=found, canonical=_canonical(found.address), **about)


def _canonical(address: str) -> str:
    origin: str = current_app.config["HOMEPORT"].origin
    return origin + address
