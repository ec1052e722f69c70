"""The blog explains itself: the primer at `/learn`, the x-ray, exercises in Python, labs for the terminal."""

from flask import Flask

from homeport.learn import (
    bench_experiments,
    bench_routes,
    class_routes,
    jobs,
    labs_routes,
    practice_routes,
    primer_experiments,
    primer_names,
    primer_requests,
    primer_routes,
    sandbox_experiments,
    sandbox_routes,
    try_handshake,
    try_house,
    try_jobs,
    try_passwords,
    try_session,
    xray,
    xray_routes,
)
from homeport.ui import foot

__all__ = [
    "bench_experiments",
    "jobs",
    "primer_experiments",
    "primer_names",
    "primer_requests",
    "register",
    "sandbox_experiments",
    "try_handshake",
    "try_house",
    "try_jobs",
    "try_passwords",
    "try_session",
]


def register(app: Flask) -> None:
    """Add the pages; experiments register themselves when they are imported."""
    app.register_blueprint(primer_routes.bp)
    app.register_blueprint(bench_routes.bp)
    app.register_blueprint(sandbox_routes.bp)
    app.register_blueprint(xray_routes.bp)
    app.register_blueprint(labs_routes.bp)
    app.register_blueprint(class_routes.bp)
    foot.offer(app, class_routes.own_space)
    app.register_blueprint(practice_routes.bp)
    xray.register(app)
