"""A forgotten password: asking for a link by mail. Setting one by a link: `routes.reset`."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import forgotten, presence
from homeport.accounts.entry_forms import ForgotForm
from homeport.accounts.routes import bp, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import public, viewer
from homeport.jobs.queries import has_mail_server

FORGOT = "accounts/forgot.html"


@bp.get("/forgot")
@public
def forgot() -> ResponseReturnValue:
    """The form, or whom to ask where the blog sends no mail."""
    return render_template(FORGOT, form=ForgotForm(), has_mail=has_mail_server())


@bp.post("/forgot")
@public
def send_forgotten() -> ResponseReturnValue:
    """Have a link mailed; the answer is the same whether or not there is such an account."""
    form = ForgotForm(request.form)
    if not form.validate():
        return wrong(form, FORGOT, has_mail=has_mail_server())
    try:
        forgotten.ask_for_link(form.email.data or "", by=viewer(), network=presence.network(), now=now())
    except Problem as problem:
        return refused(form, problem, FORGOT, has_mail=has_mail_server())
    return redirect(url_for("accounts.forgotten_sent"), 303)


@bp.get("/forgot/sent")
@public
def forgotten_sent() -> ResponseReturnValue:
    """What to do now: look into one's mail."""
    return render_template("accounts/sent.html", about="reset")
