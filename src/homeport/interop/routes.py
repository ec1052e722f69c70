"""What people take along: everything about themselves, as a file."""

from flask import Blueprint, Response, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import queries as accounts
from homeport.accounts.models import User
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.errors import not_found
from homeport.core.http import member, sensitive, viewer
from homeport.interop import exports, queries
from homeport.interop.jobs import make_exports
from homeport.jobs import queries as jobs
from homeport.jobs.service import enqueue

bp = Blueprint("interop", __name__, template_folder="templates")


def config() -> Config:
    """The settings of the machine."""
    found: Config = current_app.config["HOMEPORT"]
    return found


def me() -> User:
    """The account of who asks. Raises Problem 404 for nobody, which a view's mark rules out."""
    user = accounts.by_id(viewer().user_id)
    if user is None:
        raise not_found()
    return user


@bp.get("/account/export")
@member
@sensitive
def export() -> ResponseReturnValue:
    """Where the copy stands: none yet, being made, ready, or not to be made and why."""
    found = queries.export_of(me().id)
    if found is not None and found.expires_at is not None and found.expires_at <= now():
        found = None
    token = exports.token_of(found, config()) if found is not None and found.ready_at is not None else ""
    return render_template(
        "interop/export.html",
        export=found,
        token=token,
        has_worker=jobs.worker_seen(now()),
        has_mail=jobs.has_mail_server(),
    )


@bp.post("/account/export")
@member
@sensitive
def ask_for_export() -> ResponseReturnValue:
    """Have a copy made of everything about oneself."""
    exports.ask(me().id, by=viewer(), folder=config().exports, now=now())
    enqueue(make_exports, dedupe="schedule make_exports")
    return redirect(url_for("interop.export"), 303)


@bp.post("/account/export/file")
@member
@sensitive
def download() -> Response:
    """The copy, for the very person that it is about, who also holds its token."""
    token, user = request.form.get("token", ""), me()
    file = exports.to_download(user.id, token, by=viewer(), folder=config().exports, now=now())
    response = send_file(
        file,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{user.handle}-{now():%Y-%m-%d}.zip",
        conditional=False,
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
