"""The owner's page about HTTPS: how it stands, what is in the way, and whom to trust with the method internal."""

from flask import Blueprint, Response, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.errors import not_found
from homeport.core.http import owner, public
from homeport.https import attempts, certificates, examination
from homeport.https.jobs import examine_https, try_now
from homeport.jobs import queries as jobs
from homeport.jobs.service import enqueue
from homeport.ui.messages import say

bp = Blueprint("https", __name__, template_folder="templates")


def _config() -> Config:
    found: Config = current_app.config["HOMEPORT"]
    return found


@bp.get("/admin/https")
@owner
def overview() -> str:
    """How it stands, and what the last examination found."""
    config, moment = _config(), now()
    certificate = certificates.current(config) if config.edge else None
    return render_template(
        "https/overview.html",
        config=config,
        certificate=certificate,
        warning=certificate.warning(moment) if certificate else None,
        attempt=attempts.last(config) if config.edge else None,
        examination=examination.read(config),
        root=examination.root_certificate(config),
        fingerprint=examination.root_fingerprint(config),
        has_worker=jobs.worker_seen(moment),
        now=moment,
    )


@bp.post("/admin/https")
@owner
def examine() -> ResponseReturnValue:
    """Have the way to this blog examined; while that is being done, nothing more."""
    if examination.ask(_config(), now()):
        enqueue(examine_https, dedupe="schedule examine_https")
    return redirect(url_for("https.overview"), 303)


@bp.post("/admin/https/again")
@owner
def try_again() -> ResponseReturnValue:
    """Have a certificate asked for now, and not when the wait is over."""
    last = attempts.last(_config()) if _config().edge else None
    if last is None or last.succeeded:
        say("There is nothing to try again: no try has failed.")
    else:
        try_now(_config(), now())
        say("It is being tried again. What comes of it stands here in a moment.")
    return redirect(url_for("https.overview"), 303)


@bp.get("/admin/https/trust")
@public
def trust() -> str:
    """How everybody's device comes to trust the blog's own authority."""
    fingerprint = examination.root_fingerprint(_config())
    if not fingerprint:
        raise not_found()
    return render_template("https/trust_page.html", fingerprint=fingerprint)


@bp.get("/admin/https/root.crt")
@public
def root_certificate() -> ResponseReturnValue:
    """The root of the blog's own authority, for every device that is to trust it; no secret, as no certificate is."""
    path = examination.root_certificate(_config())
    if path is None:
        raise not_found()
    response = Response(path.read_bytes(), mimetype="application/x-x509-ca-cert")
    response.headers["Content-Disposition"] = f"attachment; filename={_config().domain}-root.crt"
    response.headers["Cache-Control"] = "no-store"
    return response
