"""The owner's pages about invitations: make one, see who came by which, take one back."""

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import invitations
from homeport.accounts.entry_forms import InvitationForm
from homeport.accounts.routes import bp, wrong
from homeport.core.clock import now
from homeport.core.errors import not_found
from homeport.core.http import owner, sensitive, viewer
from homeport.core.site import site
from homeport.ui.messages import say

LIST, ADD, LINK = "accounts/invitations.html", "accounts/invitation_add.html", "accounts/invitation_link.html"


@bp.get("/admin/invitations")
@owner
def list_invitations() -> ResponseReturnValue:
    """Every invitation, and who came by it."""
    return render_template(LIST, invitations=invitations.listed(now()), mode=site().registration)


@bp.get("/admin/invitations/add")
@owner
@sensitive
def new_invitation() -> ResponseReturnValue:
    """The form for another one."""
    return render_template(ADD, form=InvitationForm(), mode=site().registration)


@bp.post("/admin/invitations/add")
@owner
@sensitive
def make_invitation() -> ResponseReturnValue:
    """Make an invitation, and show its link: here and now only."""
    form = InvitationForm(request.form)
    if not form.validate():
        return wrong(form, ADD, mode=site().registration)
    uses, days, note = form.uses.data or 1, form.days.data or 1, form.note.data or ""
    token = invitations.make(form.chosen(), uses, days, note, by=viewer(), now=now())
    address = current_app.config["HOMEPORT"].origin + url_for("accounts.invitation", token=token)
    return render_template(LINK, address=address, form=form)


@bp.post("/admin/invitations/<int:invitation_id>/revoke")
@owner
def revoke_invitation(invitation_id: int) -> ResponseReturnValue:
    """Have an invitation let nobody in any more."""
    found = invitations.by_id(invitation_id)
    if found is None:
        raise not_found()
    invitations.revoke(found, by=viewer(), now=now())
    say("That invitation lets nobody in any more. Who came by it stays.")
    return redirect(url_for("accounts.list_invitations"), 303)
