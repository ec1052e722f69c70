"""The x-ray: the story of a request, for who made it, told with what was measured when it happened.

`xray_watch` looks on in front of Flask, `xray_sql` and `xray_templates` from within; `xray_masks` decides what of it is
kept, `xray_store` keeps it for an hour, and `xray_story` tells it. While the class room is open, everybody's requests
are recorded, for themselves.
"""

from datetime import datetime

from flask import Flask, current_app

from homeport.accounts.models import PostsFate, User
from homeport.core.db import after_commit
from homeport.core.events import account_deleted, site_changed
from homeport.core.site import Site
from homeport.learn import xray_jobs, xray_store, xray_watch
from homeport.ui import foot


def register(app: Flask) -> None:
    """Have an application be looked on at, whenever somebody has switched that on."""
    app.wsgi_app = xray_watch.watched(app, app.wsgi_app)  # type: ignore[method-assign, assignment]  # Flask's own way
    xray_jobs.listen(app)
    foot.offer(app, xray_watch.foot_link)


@account_deleted.connect
def forget(_sender: object, *, user: User, posts: PostsFate, heir_id: int | None, now: datetime) -> None:  # noqa: ARG001 (the signal's own)
    """Forget what was recorded of somebody whose account is deleted."""
    config, who = current_app.config["HOMEPORT"], user.id
    after_commit(lambda: xray_store.switch_off(config, who))


@site_changed.connect
def open_with_the_class_room(_sender: object, *, before: Site, after: Site) -> None:
    """Have everybody's requests recorded from now on, or no longer."""
    if before.class_room != after.class_room:
        config, is_open = current_app.config["HOMEPORT"], after.class_room == "open"
        after_commit(lambda: xray_store.set_for_everybody(config, is_on=is_open))
