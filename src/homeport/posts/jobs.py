"""Background work of writing: scheduled posts go out, and old HTML is made anew."""

import logging

from homeport.core.clock import now
from homeport.core.db import db
from homeport.core.markdown import RENDERER_VERSION
from homeport.jobs.service import due, every, job, progress, step
from homeport.posts import library, previews, queries, service
from homeport.posts.models import Post

log = logging.getLogger(__name__)
BATCH = 1000

due("Scheduled posts to publish", queries.count_due)


@every(seconds=15, due=queries.count_due)
@job("publish_due_posts")
def publish_due_posts() -> None:
    """Publish every scheduled post whose time has come, each in a transaction of its own.

    A post that fails holds up none of the others: its row stays due, which the jobs page shows, and the log says why.
    """
    for post_id in step(_due_ids):
        try:
            step(publish_due_post, post_id)
        except Exception:
            log.exception("a scheduled post could not be published", extra={"post": post_id})


def _due_ids() -> list[int]:
    return list(queries.due(now()))


def publish_due_post(post_id: int) -> bool:
    """Publish one scheduled post, unless somebody else just did or its time was moved."""
    return service.publish_if_due(post_id, now())


@every(minutes=1, due=lambda _now: library.count_rendered_before(RENDERER_VERSION))
@job("render_posts_again")
def render_posts_again() -> None:
    """Make the HTML of posts anew that an older renderer made."""
    post_ids = step(_old_ids)
    for done, post_id in enumerate(post_ids, 1):
        step(render_post_again, post_id)
        progress(done, len(post_ids), "posts")


def _old_ids() -> list[int]:
    return list(library.rendered_before(RENDERER_VERSION, BATCH))


def render_post_again(post_id: int) -> None:
    """Make the HTML of one post anew, if it is still there."""
    post = db.session.get(Post, post_id)
    if post is not None:
        service.render_again(post)


@every(hours=1, due=previews.count_over)
@job("clear_preview_links")
def clear_preview_links() -> None:
    """Delete the preview links whose time is over."""
    previews.clear(now())
