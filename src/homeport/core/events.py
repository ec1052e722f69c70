"""Signals that flow upwards, from a feature to those that import it.

They are sent inside the transaction: a receiver that raises takes the whole change back. Prefer a plain
downward import; add a signal only where the receiver may not be imported. Each documents its keyword arguments.
"""

from blinker import Namespace

_signals = Namespace()

post_published = _signals.signal("post-published", doc="post: Post, now: datetime. A post became public.")
post_withdrawn = _signals.signal("post-withdrawn", doc="post: Post, now: datetime. A public post stopped being public.")
account_deleted = _signals.signal(
    "account-deleted",
    doc="user: User, posts: PostsFate, heir_id: int | None, now: datetime. An account is about to be deleted. What "
    "points to it without a rule of the database's own has to let go of it now; the posts that stay are `heir_id`'s.",
)
site_changed = _signals.signal(
    "site-changed", doc="before: Site, after: Site. Settings of the site were changed on a page or by a command."
)
account_created = _signals.signal("account-created", doc="user: User, now: datetime. Somebody registered or was added.")
