"""The machine stops while an account is deleted: it is there as before, or gone with everything."""

import json
import subprocess
import sys
from datetime import timedelta

from flask import Flask

from homeport.accounts import service
from homeport.accounts.models import PostsFate, User
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db, empty_log
from tests.cast import Cast
from tests.factories import make_post
from tests.parts import ROOT


def test_an_account_is_never_half_deleted(app: Flask, everybody: Cast, config: Config) -> None:
    with app.app_context():
        make_post(everybody.alice, "Hers", tags=["ships"])
        alice = db.session.get_one(User, everybody.alice.id)
        long_ago = clock.now() - timedelta(days=8)
        service.ask_to_leave(alice, PostsFate.KEEP, None, by=everybody.alice.viewer, now=long_ago)
        commit()
        assert empty_log()
        db.engine.dispose()
    command = [sys.executable, "-m", "tests.interop.crash", str(config.data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    runs = [json.loads(line) for line in done.stdout.splitlines()]

    assert [run["ended"] for run in runs] == [9] * (len(runs) - 1) + [0]
    assert len(runs) > 8
    old, new = runs[0], runs[-1]
    assert (old["people"], old["departures"], old["bylines"]) == ([[5]], [[1]], [])
    assert (new["people"], new["departures"], new["bylines"]) == ([[4]], [[0]], [["A former author"]])
    assert (old["last"], new["last"]) == ([["departure_asked"]], [["account_deleted"]])
    assert new["site_version"] > old["site_version"]
    assert {json.dumps({**run, "ended": 9}) for run in runs} == {json.dumps(old), json.dumps({**new, "ended": 9})}
    assert all(run["integrity"] == [["ok"]] and run["foreign_keys"] == [] for run in runs)
