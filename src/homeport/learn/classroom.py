"""The class room (a setting of the site): who sees of the blog's inside what otherwise only owners see."""

from http import HTTPStatus

from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.site import site


def is_open() -> bool:
    """Whether a class learns on this blog at present."""
    return site().class_room == "open"


def may_look_inside(who: Viewer) -> bool:
    """Whether somebody sees of the blog's inside what only owners see without a class."""
    return who.user_id is not None and (who.role is Role.OWNER or is_open())


def refuse_strangers(who: Viewer) -> None:
    """Raise Problem 403 for somebody who is logged in and may not; who is not is asked to by the view's mark."""
    if who.user_id is not None and not may_look_inside(who):
        raise Problem(
            "This page is for the blog's owner.",
            status=HTTPStatus.FORBIDDEN,
            code="class_only",
            hint="Where a class learns on a blog, everybody who is logged in sees it.",
        )
