"""The operator's page: what is due, what runs, what failed and what is done; and what can be done about it."""

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import owner
from homeport.jobs import outside, queries, service
from homeport.jobs.models import Mail

bp = Blueprint("jobs", __name__, template_folder="templates", url_prefix="/admin/jobs")


@bp.get("")
@owner
def overview() -> ResponseReturnValue:
    """Everything on one page, as it is now."""
    moment = now()
    return render_template(
        "jobs/overview.html",
        worker_seen=queries.worker_seen(moment),
        next_runs=queries.next_runs(moment),
        schedules=service.SCHEDULES,
        due={label: count(moment) for label, count in service.DUE.items()},
        mails=queries.mails_to_show(),
        has_mail_server=queries.has_mail_server(),
        jobs=_jobs(),
        now=moment,
    )


def _jobs() -> dict[str, list[object]] | None:
    # The books are the worker's to make: before its first start, or when they are damaged, the page says so.
    config = current_app.config["HOMEPORT"]
    try:
        return {state: outside.ask("listing", config, state, 50) for state in ("running", "waiting", "failed", "done")}
    except Problem:
        raise
    except Exception:
        current_app.logger.warning("the engine's books cannot be read", exc_info=True)
        return None


@bp.post("/<job_id>/retry")
@owner
def retry(job_id: str) -> ResponseReturnValue:
    """Let a failed or cancelled job go on."""
    outside.ask("retry", current_app.config["HOMEPORT"], job_id)
    return _back()


@bp.post("/<job_id>/cancel")
@owner
def cancel(job_id: str) -> ResponseReturnValue:
    """Stop a job that waits or runs."""
    outside.ask("cancel", current_app.config["HOMEPORT"], job_id)
    return _back()


@bp.post("/mails/<int:mail_id>/retry")
@owner
def retry_mail(mail_id: int) -> ResponseReturnValue:
    """Send a mail again."""
    service.retry_mail(_mail(mail_id), now())
    return _back()


@bp.post("/mails/<int:mail_id>/delete")
@owner
def delete_mail(mail_id: int) -> ResponseReturnValue:
    """Take a mail out of the outbox."""
    service.delete_mail(_mail(mail_id))
    return _back()


def _mail(mail_id: int) -> Mail:
    found = queries.mail_by_id(mail_id)
    if found is None:
        raise not_found()
    return found


def _back() -> ResponseReturnValue:
    return redirect(url_for("jobs.overview"), 303)
