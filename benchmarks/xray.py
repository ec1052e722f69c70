"""What the x-ray costs: `python -m benchmarks.xray`.

The same two pages, asked for by the owner with her session's cookie, of applications on one blog: without the room
`learn`, with it and the x-ray off (twice, which shows the noise), and with it on. In turn, ROUNDS times, in one
process and without a network, so that nothing else is measured; the order changes with each round. Off against
without must differ by less than AIM.
"""

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from flask import Flask

import homeport.app
from homeport.accounts import sessions
from homeport.accounts.models import User
from homeport.app import create_app
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role, Viewer
from homeport.learn import xray_store
from homeport.migrations.runner import upgrade
from homeport.posts import service
from homeport.posts.service import Draft

ROUNDS = 400
WARM_UP = 20
AIM = 0.02
"""A fiftieth: two runs of the very same application differ by about as much."""
PAGES = ("/posts/on-tides", "/write")
WITHOUT, OFF, AGAIN, ON = "without learn", "off", "off, once more", "on"
TEXT = "A paragraph about the sea, with a [link](/about).\n\n" * 20


def filled(config: Config) -> str:
    """A blog with ten posts and an owner; returns the owner's cookie."""
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        site.change(second_factor="nobody")
        user = User(email="o@example.com", handle="olga", display_name="Olga", role=Role.OWNER, created_at=clock.now())
        db.session.add(user)
        db.session.flush()
        for number in range(10):
            title = "On tides" if not number else f"Tide {number}"
            by = Viewer(user.id, Role.OWNER, "Olga", "UTC")
            service.publish(service.create(by=by, now=clock.now(), draft=Draft(title, TEXT, "")), by, clock.now())
        cookie = sessions.begin(user, sessions.Device("password", "127.0.0.1", "benchmark"), clock.now())
        commit()
        db.engine.dispose()
    return cookie


def without_learn(config: Config) -> Flask:
    """The application as it is when the room is taken out."""
    features = tuple(name for name in homeport.app.FEATURES if name != "learn")
    with patch.object(homeport.app, "FEATURES", features):
        return create_app(config)


def took(app: Flask, cookie: str, path: str) -> float:
    """Milliseconds until the answer has been read and closed."""
    client = app.test_client(use_cookies=False)
    start = time.perf_counter()
    with client.get(path, headers={"Cookie": f"sid={cookie}"}) as answer:
        answer.get_data()
    spent = (time.perf_counter() - start) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return spent


def measure(config: Config, cookie: str) -> dict[str, list[float]]:
    """The times of each way, of both pages together, round by round."""
    apps = {WITHOUT: without_learn(config), OFF: create_app(config), AGAIN: create_app(config), ON: create_app(config)}
    times: dict[str, list[float]] = {way: [] for way in apps}
    for number in range(WARM_UP + ROUNDS):
        for way in random.sample(list(apps), len(apps)):
            if way == ON:
                xray_store.switch_on(config, 1)
            spent = sum(took(apps[way], cookie, path) for path in PAGES)
            if way == ON:
                xray_store.path(config).unlink()
            if number >= WARM_UP:
                times[way].append(spent)
    return times


def report(times: dict[str, list[float]]) -> bool:
    """Print the medians and their ratios; whether off costs nothing."""
    base = statistics.median(times[WITHOUT])
    for way, spent in times.items():
        median = statistics.median(spent)
        print(f"{way:16} {median / len(PAGES):7.3f} ms a page   {median / base:6.3f} of {WITHOUT}")
    off = min(statistics.median(times[OFF]), statistics.median(times[AGAIN]))
    reached = off / base < 1 + AIM
    print(f"off against {WITHOUT}: {off / base - 1:+.1%}, aim below {AIM:.0%}: {'reached' if reached else 'MISSED'}")
    return reached


def main() -> int:
    """0 when the aim was reached."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        config = Config(data=data)
        cookie = filled(config)
        return 0 if report(measure(config, cookie)) else 1


if __name__ == "__main__":
    sys.exit(main())
