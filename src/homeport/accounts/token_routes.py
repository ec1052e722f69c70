"""Tokens for one's own programs: made, listed, revoked."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import api_tokens, presence
from homeport.accounts.routes import bp, refused, wrong
from homeport.accounts.token_forms import TokenForm
from homeport.core import programs
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, sensitive, viewer
from homeport.ui.messages import say

TOKENS = "accounts/tokens.html"


@bp.get("/account/tokens")
@member
@sensitive
def tokens() -> ResponseReturnValue:
    """One's tokens, and the form for another one."""
    return render_template(TOKENS, form=TokenForm(), **_about_tokens())


@bp.post("/account/tokens")
@member
@sensitive
def make_token() -> ResponseReturnValue:
    """Make a token. It is in this answer, and at no address is it shown again."""
    form = TokenForm(request.form)
    if not form.validate():
        return wrong(form, TOKENS, **_about_tokens())
    name, days = form.name.data or "", int(form.days.data)
    try:
        value = api_tokens.make(presence.me(), name=name, scopes=form.scopes(), days=days, by=viewer(), now=now())
    except Problem as problem:
        return refused(form, problem, TOKENS, **_about_tokens())
    return render_template("accounts/token.html", value=value, name=name, days=days)


@bp.post("/account/tokens/<int:token_id>/revoke")
@member
@sensitive
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Take a token back, at once. Somebody else's is as absent as one that never was."""
    if not api_tokens.revoke(presence.me(), token_id, by=viewer(), now=now()):
        raise not_found()
    say("The token is revoked. Whatever used it is shut out now.")
    return redirect(url_for("accounts.tokens"), 303)


def _about_tokens() -> dict[str, object]:
    return {"tokens": api_tokens.of(presence.me().id), "now": now(), "scopes": programs.SCOPES}
