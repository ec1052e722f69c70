"""The pages of the x-ray: the switch, the list of one's own records, and the story of each."""

import sqlite3
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.errors import Problem, not_found
from homeport.core.http import Role, member, owner, viewer
from homeport.https import queries as https
from homeport.learn import classroom, xray_sentences, xray_statements, xray_store, xray_story, xray_tls
from homeport.learn.primer import chapters
from homeport.ui.messages import say

bp = Blueprint("xray", __name__, template_folder="templates", url_prefix="/learn/xray")


@bp.get("")
@member
def overview() -> ResponseReturnValue:
    """The switch, and one's own records of the last hour."""
    config, who = _config(), _who()
    return render_template(
        "learn/xray/list.html",
        may_switch=viewer().may(Role.OWNER),
        is_on=xray_store.has_switched_on(config, who),
        for_everybody=classroom.is_open(),
        records=xray_store.recent(xray_store.path(config), who, now()),
        most=xray_store.MOST_RECORDS_OF_A_CLASS if classroom.is_open() else xray_store.MOST_RECORDS,
    )


@bp.post("")
@owner
def switch() -> ResponseReturnValue:
    """Switch one's own on, or off with everything that was recorded."""
    if request.form.get("do") == "on":
        _switch_on()
        say("The x-ray is on. Open any page, and look at its foot.")
    else:
        xray_store.switch_off(_config(), _who())
        say("The x-ray is off, and your records are gone.")
    return redirect(url_for("xray.overview"), 303)


def _switch_on() -> None:
    try:
        xray_store.switch_on(_config(), _who())
    except (OSError, sqlite3.Error):
        raise Problem(
            "The x-ray can’t be switched on, because its file can’t be written.",
            status=503,
            code="xray_not_written",
            hint="Look whether the disk is full, and whether the data directory can be written.",
        ) from None


@bp.get("/<record_id>")
@member
def story(record_id: str) -> ResponseReturnValue:
    """One record of one's own, from beginning to end."""
    record = xray_store.find(xray_store.path(_config()), _who(), record_id, now())
    if record is None:
        raise not_found()
    shown = {
        "record": record,
        "facts": record["facts"],
        "at": xray_story.moment(record),
        "bars": xray_story.bars(record),
        "shares": xray_story.shares(record),
        "statements": xray_statements.statements(record),
        "repeated": xray_story.repeated(record),
        "templates": xray_story.template_sources(current_app, record),
        "error": _error(record),
        "source": xray_story.source(_function(record)),
        "chapters": {each.slug: (url_for("learn.chapter", chapter=each.slug), each.title) for each in chapters()},
    }
    if record["kind"] == "job":
        return render_template("learn/xray/job.html", **shown)
    return render_template("learn/xray/request.html", **shown, **_of_request(record))


def _of_request(record: xray_story.Record) -> dict[str, Any]:
    facts = record["facts"]
    connection, said = xray_sentences.edge(facts["edge"], facts["request"]["scheme"])
    return {
        "raw": xray_story.raw_request(record),
        "request_lines": xray_story.request_lines(record),
        "answer_lines": xray_story.answer_lines(record),
        "raw_answer": xray_story.raw_answer(record),
        "overheard": _overheard(record),
        "overheard_http": xray_tls.rows(xray_story.raw_request(record).encode()[: 4 * xray_tls.SHOWN]),
        "connection": connection,
        "connection_said": said,
        "chain": https.chain(_config()) if facts["edge"] else [],
        "cache": xray_sentences.cache(facts),
        "permission": xray_sentences.permission(facts),
        "cross_site": xray_sentences.cross_site(facts),
    }


def _overheard(record: xray_story.Record) -> xray_tls.Overheard:
    asked = xray_story.raw_request(record)
    answered = xray_story.raw_answer(record).encode() + bytes(record["facts"]["answer"]["bytes"])
    words = [record["facts"]["request"]["address"], "Cookie", "User-Agent", _host()]
    return xray_tls.overhear(asked.encode(), answered, _host(), words)


def _host() -> str:
    return (_config().domain or "localhost").partition(":")[0]


def _function(record: xray_story.Record) -> str:
    facts = record["facts"]
    return str(facts.get("function") or (facts.get("route") or {}).get("function", ""))


def _error(record: xray_story.Record) -> dict[str, Any] | None:
    found = record["facts"].get("error")
    return {"type": found["type"], "causes": xray_statements.causes(found)} if found else None


def _config() -> Config:
    config: Config = current_app.config["HOMEPORT"]
    return config


def _who() -> int:
    return viewer().user_id or -1
