"""The readers' way to their weak copies."""

import re
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.core.config import Config
from homeport.core.csrf import for_strangers
from homeport.core.http import member, public, viewer
from homeport.learn import sandbox, sandbox_relay

bp = Blueprint("sandbox", __name__, template_folder="templates", url_prefix="/learn/sandbox")


def _config() -> Config:
    config: Config = current_app.config["HOMEPORT"]
    return config


def _me() -> int:
    return viewer().user_id or 0


@bp.get("")
@member
def overview() -> str:
    """What the sandbox is, whether one's copy runs, and the buttons."""
    return render_template("learn/sandbox/overview.html", key=sandbox.mine(_config(), _me()))


@bp.post("")
@member
def start() -> ResponseReturnValue:
    """A fresh copy of one's own; the one before ends."""
    return redirect(url_for("sandbox.page", key=sandbox.start(_config(), _me()), path=""), 303)


@bp.post("/end")
@member
def end() -> ResponseReturnValue:
    """End one's copy."""
    sandbox.end(_config(), _me())
    return redirect(url_for("sandbox.overview"), 303)


@bp.route("/<key>/", defaults={"path": ""}, methods=["GET", "POST"])
@bp.route("/<key>/<path:path>", methods=["GET", "POST"])
@public
@for_strangers
def page(key: str, path: str) -> Response:
    """A page of a copy, passed on. Whoever has the key may ask: nothing in there is anybody's."""
    query = quote(request.query_string, safe="%=&+-._~")
    answer = sandbox_relay.ask(
        _config(),
        key,
        f"{re.sub(r'[^a-z.]', '', path)}{'?' if query else ''}{query}",
        method=request.method if request.method == "POST" else "GET",
        headers=dict(request.headers),
        body=request.get_data() if request.method == "POST" else b"",
    )
    response = Response(answer.body, answer.status, content_type=answer.kind)
    home = request.host_url.rstrip("/") + url_for("sandbox.page", key=key, path="")
    response.headers.add("Content-Security-Policy", policy(home))
    if answer.policy:
        response.headers.add("Content-Security-Policy", answer.policy)
    if answer.location:
        response.headers["Location"] = home + answer.location
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # to its own pages the copy is another origin
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def policy(home: str) -> str:
    """What browsers allow pages of a copy: they have an origin of their own that equals no other, so neither the blog's
    cookies nor its pages nor its storage are theirs, and their scripts reach nothing but the copy itself."""
    return (
        "sandbox allow-forms allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        f"img-src {home}; form-action {home}; base-uri 'none'; frame-ancestors 'none'"
    )
