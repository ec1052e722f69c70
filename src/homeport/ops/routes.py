"""The owner's pages about the place as a whole, and the address that watchers ask."""

from dataclasses import asdict, replace

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.core.clock import now
from homeport.core.findings import Mark
from homeport.core.http import owner, public, viewer
from homeport.core.site import site
from homeport.ops import health, inspection, service
from homeport.ops.forms import SiteForm
from homeport.ui.messages import say

bp = Blueprint("ops", __name__, template_folder="templates")


@bp.get("/admin/settings")
@owner
def settings() -> str:
    """The settings of the site."""
    return render_template("ops/settings.html", form=SiteForm(data=asdict(site())))


@bp.post("/admin/settings")
@owner
def change_settings() -> ResponseReturnValue:
    """Store them, or show again what was typed with what is wrong about it."""
    form = SiteForm(request.form, data=asdict(site()))
    if not form.validate():
        return render_template("ops/settings.html", form=form), 422
    service.change_settings(replace(site(), **form.data), viewer(), now())
    say("Saved. Readers see it from now on.")
    return redirect(url_for("ops.settings"), 303)


@bp.get("/admin/security")
@owner
def security() -> str:
    """What is good, what is not, and what mends it."""
    rows = inspection.rows(current_app.config["HOMEPORT"], viewer(), now())
    counts = {mark.value: sum(row.mark is mark for row in rows) for mark in Mark}
    return render_template("ops/security.html", rows=rows, counts=counts)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """200 while nothing has to be done at once, else 503; says which part is not, and nothing more."""
    words = health.parts(now())
    well = health.is_well(words)
    return jsonify(status=health.OK if well else health.NOT_OK, **words), 200 if well else 503
