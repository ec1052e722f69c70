"""The labs' pages: which there are, and the last report of each. For owners, and for a class."""

from typing import NamedTuple

from flask import Blueprint, current_app, render_template

from homeport.core.config import Config
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, viewer
from homeport.learn import labs_reports
from homeport.learn.classroom import refuse_strangers
from homeport.learn.labs_list import LABS, Lab
from homeport.learn.labs_reports import Report

bp = Blueprint("labs", __name__, template_folder="templates", url_prefix="/learn/labs")


class Kept(NamedTuple):
    """What there is to read about a lab: a report, or why its file cannot be read; `is_recording`: it comes with the
    program and is from another machine.
    """

    report: Report | None = None
    problem: Problem | None = None
    is_recording: bool = False


@bp.before_request
def for_owners_and_a_class() -> None:
    """Refuse others: a report tells about the machine that the blog runs on."""
    refuse_strangers(viewer())


@bp.get("")
@member
def contents() -> str:
    """Every lab, and what there is of it."""
    return render_template("learn/labs/contents.html", labs=[(lab, _kept(lab)) for lab in LABS.values()])


@bp.get("/<lab>")
@member
def report(lab: str) -> str:
    """A lab's last report, or how to get one."""
    found = LABS.get(lab)
    if found is None:
        raise not_found()
    return render_template("learn/labs/report.html", lab=found, kept=_kept(found))


def _kept(lab: Lab) -> Kept:
    config: Config = current_app.config["HOMEPORT"]
    try:
        found = labs_reports.last(config.data, lab.name)
    except Problem as problem:
        return Kept(problem=problem)
    if found is None and (recording := labs_reports.recording(lab.name)):
        return Kept(recording, is_recording=True)
    return Kept(found)
