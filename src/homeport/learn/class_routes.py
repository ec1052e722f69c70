"""The class room's pages: a teacher invites, looks over the whole and ends a term; each sees how far they are."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import queries as people
from homeport.accounts.models import User
from homeport.accounts.service import BACKUPS, GRACE
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, owner, sensitive, viewer
from homeport.core.site import site
from homeport.jobs.queries import has_mail_server
from homeport.learn import class_mails, class_queries, class_service, classroom
from homeport.learn.class_forms import MOST_BYTES, EndForm, InviteForm
from homeport.learn.class_service import Invited
from homeport.learn.practice import exercises
from homeport.learn.primer import chapters
from homeport.ui.foot import FootLink
from homeport.ui.messages import say

bp = Blueprint("class_room", __name__, template_folder="templates", url_prefix="/learn/class")


@bp.get("")
@owner
def overview() -> str:
    """Everybody, and how far they are."""
    everybody = class_queries.whole_class()
    leaving = sum(one.is_dismissed for one in everybody)
    return render_template(
        "learn/class/overview.html",
        pupils=everybody,
        leaving=leaving,
        is_open=classroom.is_open(),
        has_mail=has_mail_server(),
        **_whole(),
    )


@bp.post("/room")
@owner
def set_room() -> ResponseReturnValue:
    """Open the class room, or close it."""
    is_open = request.form.get("do") == "open"
    class_service.set_room(is_open=is_open, by=viewer(), now=now())
    say("The class room is open." if is_open else "The class room is closed.")
    return redirect(url_for("class_room.overview"), 303)


@bp.get("/invite")
@owner
@sensitive
def invitation() -> str:
    """The form for a list of people."""
    return render_template(
        "learn/class/invite.html", form=InviteForm(mail=has_mail_server()), has_mail=has_mail_server()
    )


@bp.post("/invite")
@owner
@sensitive
def invite() -> ResponseReturnValue:
    """Make an account for each on the list, and show the links: here and now only."""
    form = InviteForm(request.form)
    sent = request.files.get("file")
    form.read_file(sent.read(MOST_BYTES + 1) if sent else b"")
    if not form.validate():
        return render_template("learn/class/invite.html", form=form, has_mail=has_mail_server()), 422
    found = class_service.invite(form.entries, form.chosen(), by=viewer(), settings=site(), now=now())
    return _links(found, by_mail=form.mail.data and has_mail_server())


@bp.post("/links")
@owner
@sensitive
def new_links() -> ResponseReturnValue:
    """New links for everybody who has not been here yet."""
    waiting = [one.user for one in class_queries.whole_class() if one.is_awaited]
    if not waiting:
        say("Everybody in the class has been here. Who forgot a password gets a link on the page People.")
        return redirect(url_for("class_room.overview"), 303)
    return _links([class_service.new_link(user, by=viewer(), now=now()) for user in waiting], by_mail=False)


def _links(found: list[Invited], *, by_mail: bool) -> str:
    origin = current_app.config["HOMEPORT"].origin
    slips = [(one, origin + url_for("accounts.reset", token=one.token)) for one in found if one.token]
    for one, address in slips if by_mail else []:
        class_mails.invited(one, address, now())
    joined = [one.user for one in found if one.is_new_here and not one.token]
    for user in joined if has_mail_server() else []:
        class_mails.joined(user, now())
    known = [one.user for one in found if not one.is_new_here]
    return render_template(
        "learn/class/links.html", slips=slips, joined=joined, known=known, by_mail=by_mail, origin=origin
    )


@bp.get("/<int:user_id>")
@owner
def pupil(user_id: int) -> str:
    """How far one of the class is."""
    return render_template("learn/class/pupil.html", pupil=class_queries.one(_in_class(user_id)), **_whole())


@bp.post("/<int:user_id>/out")
@owner
def take_out(user_id: int) -> ResponseReturnValue:
    """Have somebody belong to the class no longer."""
    user = _in_class(user_id)
    class_service.take_out(user, now=now())
    say(f"{user.display_name} is not in the class any more. Account, texts and progress are as they were.")
    return redirect(url_for("class_room.overview"), 303)


@bp.get("/me")
@member
def me() -> str:
    """One's own space: how far one is, and the ways to what is one's own."""
    user = people.by_id(viewer().user_id)
    if user is None:
        raise not_found()
    is_pupil = class_queries.current_membership(user.id) is not None
    return render_template(
        "learn/class/me.html", pupil=class_queries.one(user), is_pupil=is_pupil, is_open=classroom.is_open(), **_whole()
    )


@bp.get("/end")
@owner
@sensitive
def end() -> str:
    """The form for the end of a term."""
    return render_template("learn/class/end.html", form=EndForm(), **_about_the_end())


@bp.post("/end")
@owner
@sensitive
def end_term() -> ResponseReturnValue:
    """Have the class leave, begin anew, or be over."""
    form = EndForm(request.form)
    if not form.validate():
        return render_template("learn/class/end.html", form=form, **_about_the_end()), 422
    try:
        say(_end(str(form.what.data)))
    except Problem as problem:
        form.add_problem(problem, "what")
        return render_template("learn/class/end.html", form=form, **_about_the_end()), problem.status
    if form.close.data and form.what.data != "anew":
        class_service.set_room(is_open=False, by=viewer(), now=now())
    return redirect(url_for("class_room.overview"), 303)


def _end(what: str) -> str:
    if what == "dismiss":
        going = class_service.dismiss(by=viewer(), now=now())
        return f"Accounts that will be deleted in {GRACE.days} days: {going}. Until then you can keep them, below."
    if what == "anew":
        return f"The class begins anew. People whose progress is forgotten: {class_service.begin_anew()}."
    class_service.dissolve(now=now())
    return "The class is over. Everybody’s account is as it was."


@bp.post("/keep")
@owner
@sensitive
def keep() -> ResponseReturnValue:
    """Take the leaving back."""
    kept = class_service.keep_all(by=viewer(), now=now())
    say(f"Accounts that stay after all: {kept}.")
    return redirect(url_for("class_room.overview"), 303)


def own_space() -> FootLink | None:
    """The way to one's own space, at the foot of every page, while a class learns here."""
    user_id = viewer().user_id
    if user_id is None or not classroom.is_open() or class_queries.current_membership(user_id) is None:
        return None
    return FootLink("Your space in the class", url_for("class_room.me"))


def _about_the_end() -> dict[str, object]:
    size, going = len(class_queries.everybody()), len(class_service.accounts_to_delete())
    return {"size": size, "going": going, "grace": GRACE.days, "backups": BACKUPS.days}


def _whole() -> dict[str, object]:
    return {"chapters": chapters(), "exercises": exercises()}


def _in_class(user_id: int) -> User:
    user = people.by_id(user_id)
    if user is None or class_queries.current_membership(user_id) is None:
        raise Problem("Nobody of that number is in the class.", status=404, code="not_found")
    return user
