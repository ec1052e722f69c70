"""Where somebody may look on while a request or a job goes by.

Signals that tell nobody anything while nobody listens, and what the parts in front of Flask note about a request. Who
listens only looks: unlike those of `core.events`, these are no way to have something done.
"""

from blinker import Namespace

PAGE_CACHE = "homeport.page_cache"
"""In the environment of a request: why the page cache asked Flask. `method`, `session` or `authorization`: it stepped
aside, for a request that is not GET or HEAD, brings a session's cookie, or a token. `miss`: it has no such page."""

EDGE = "homeport.edge"
"""In the environment of a request by HTTPS that came through our own edge: what it says of the connection, as
`version cipher-suite ALPN-protocol HTTP-version resumed`, in Caddy's words."""

_signals = Namespace()

view_begins = _signals.signal("view-begins", doc="The request was let in; its view is called now.")
view_ended = _signals.signal("view-ended", doc="The view has returned; what it changed is committed now.")
job_queued = _signals.signal(
    "job-queued",
    doc="name: str, args: tuple, job_id: str. After the commit of what it is about, before it goes into the queue.",
)
job_begins = _signals.signal("job-begins", doc="name: str, args: tuple, job_id: str. In the worker's thread.")
job_ended = _signals.signal("job-ended", doc="job_id: str, error: Exception | None. In the same thread.")
