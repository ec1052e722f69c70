"""The page of the request bench."""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from homeport.core.config import Config
from homeport.core.db import end_transaction
from homeport.core.errors import Problem
from homeport.core.http import member, viewer
from homeport.learn import bench, real_request
from homeport.learn.bench_forms import BenchForm
from homeport.learn.limits import Limit
from homeport.learn.real_request import Exchange

bp = Blueprint("bench", __name__, template_folder="templates", url_prefix="/learn/bench")

_limit = Limit(each_minute=30)


@bp.get("")
@member
def page() -> str:
    """A request to write, beginning with one of the presets."""
    every = bench.presets(_config())
    chosen = next((preset for preset in every if preset.name == request.args.get("preset")), every[0])
    return _page(BenchForm(data=vars(chosen.draft)), chosen=chosen.name)


@bp.post("")
@member
def send() -> ResponseReturnValue:
    """Send what was typed to this very blog, as nobody, and show what came back."""
    form = BenchForm(request.form)
    if not form.validate():
        return _page(form), 422
    end_transaction()  # the request may write, and would wait for this one's lock
    try:
        _limit.take(viewer().user_id or 0)
        exchange = real_request.ask(_config(), bench.raw(form.draft))
    except Problem as problem:
        form.add_problem(problem)
        return _page(form), problem.status
    return _page(form, exchange)


def _config() -> Config:
    config: Config = current_app.config["HOMEPORT"]
    return config


def _page(form: BenchForm, exchange: Exchange | None = None, chosen: str = "") -> str:
    every = bench.presets(_config())
    return render_template(
        "learn/bench/page.html",
        form=form,
        presets=every,
        look_for=next((preset.look_for for preset in every if preset.name == chosen), ""),
        chosen=chosen,
        exchange=exchange,
        again=bench.again(form.draft, exchange.answer.header("ETag")) if exchange else "",
        sent=bench.request_explained(exchange) if exchange else None,
        came=bench.answer_explained(exchange) if exchange else None,
    )
