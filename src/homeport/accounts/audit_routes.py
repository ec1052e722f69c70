"""The owner's pages of the audit log: to read, to look into, to check, and to take along."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import SEEK_END, BytesIO
from typing import IO, Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from homeport.accounts import audit, audit_check, audit_export, audit_search
from homeport.accounts.audit_forms import LogForm
from homeport.accounts.routes import UNPROCESSABLE, bp
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import owner, sensitive
from homeport.core.site import site

SIZE = 50
LOG = "accounts/audit.html"


@bp.get("/admin/audit")
@owner
def audit_log() -> ResponseReturnValue:
    """The events that fit the form, the newest first."""
    form = LogForm(request.args)
    wanted = _wanted(form) if form.validate() else None
    if wanted is None:
        return make_response(render_template(LOG, form=form, page=None, asked={}), UNPROCESSABLE)
    page = audit_search.page(wanted, _before(), SIZE)
    return render_template(LOG, form=form, page=page, asked=form.asked(), checked=_checked())


def _before() -> int | None:
    text = request.args.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise not_found()
    return int(text)


def _wanted(form: LogForm) -> audit_search.Wanted | None:
    """What the form asks for; None for a person whom nobody is, which the form then says."""
    person = audit_search.find_person(form.person.data) if form.person.data else None
    if form.person.data and person is None:
        form.person.errors = ["Nobody has this address, name or number."]
        return None
    since, until = form.since.data, form.until.data
    end = _begin_of(until + timedelta(days=1)) if until else None
    return audit_search.Wanted(person, form.group.data or "", _begin_of(since) if since else None, end)


def _begin_of(day: date) -> datetime:
    # Days are those of the site's time zone, in which the pages show them.
    return datetime.combine(day, time(), ZoneInfo(site().time_zone))


@bp.get("/admin/audit.csv")
@owner
@sensitive
def audit_csv() -> ResponseReturnValue:
    """The same events as a table for spreadsheets."""
    return _file(audit_export.as_csv(_lines()), "text/csv", "audit-log.csv")


@bp.get("/admin/audit.jsonl")
@owner
@sensitive
def audit_json_lines() -> ResponseReturnValue:
    """The same events for programs."""
    return _file(audit_export.as_json_lines(_lines()), "application/jsonl", "audit-log.jsonl")


def _lines() -> Any:
    form = LogForm(request.args)
    wanted = _wanted(form) if form.validate() else None
    if wanted is None:
        raise Problem("The log can’t be narrowed in this way.", status=422, code="invalid", hint=form.problems()[0][1])
    return audit_search.every_line(wanted)


def _file(file: IO[bytes], kind: str, name: str) -> Response:
    size = file.seek(0, SEEK_END)
    file.seek(0)
    if size <= audit_export.IN_MEMORY:
        with file:
            file = BytesIO(file.read())
    answer = send_file(file, kind, as_attachment=True, download_name=name, etag=False)
    answer.content_length = size
    answer.headers["Cache-Control"] = "no-store"
    return answer


@dataclass(frozen=True)
class Check:
    """What following the chain came to, with the hash that was looked for."""

    found: audit.Finding
    seen: str


@bp.get("/admin/audit/check")
@owner
def check_audit() -> ResponseReturnValue:
    """Follow the chain now; nothing is changed by it."""
    noted = _checked()
    seen = request.args.get("seen", "")[:100].strip() or (noted.hash if noted else "")
    return render_template("accounts/audit_check.html", check=Check(audit.verify(seen), seen), checked=noted, now=now())


def _checked() -> audit_check.Checked | None:
    return audit_check.last(current_app.config["HOMEPORT"])
