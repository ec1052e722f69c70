"""A browser loads styles, scripts and pictures."""

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from homeport.core.http import TICKET, Ticket
from homeport.ui.assets import ROOT, Assets, asset_url

PLAIN = "/static/css/site.css"


@pytest.fixture
def address(bare_app: Flask) -> str:
    with bare_app.app_context():
        return asset_url("css/site.css")


def test_the_style_sheet_may_be_kept_forever(visitor: FlaskClient, address: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_a_second_visit_costs_no_body(visitor: FlaskClient, address: str) -> None:
    etag = visitor.get(address).headers["ETag"]
    again = visitor.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_the_page_cache_is_told_that_it_may_keep_the_file(visitor: FlaskClient, address: str) -> None:
    ticket = Ticket()
    visitor.get(address, environ_overrides={TICKET: ticket})
    assert ticket.forever
    ticket = Ticket()
    visitor.get("/static/css/site.aaaaaaaaaaaa.css", environ_overrides={TICKET: ticket})
    assert not ticket.forever


@pytest.mark.parametrize(
    "path",
    [
        PLAIN,
        "/static/css/site.aaaaaaaaaaaa.css",
        "/static/css/site..css",
        "/static/",
        "/static/css/",
        "/static/../templates/ui/base.html",
        "/static/%2e%2e/templates/ui/base.html",
        "/static/..%2ftemplates%2fui%2fbase.html",
        "/static/css/..%5c..%5ctemplates%5cui%5cbase.html",
        "/static//etc/passwd",
        "/static/css/site.css%00",
    ],
)
def test_any_other_address_finds_nothing(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code in {404, 308}
    assert b"doctype html>\n<html lang=" not in answer.data or b"{%" not in answer.data
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_changed_file_gets_a_new_address_and_the_old_one_ends(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a { color: red }")
    before = Assets(tmp_path, {}).address("a.css")
    (tmp_path / "a.css").write_text("a { color: blue }")
    after = Assets(tmp_path, {})
    assert after.address("a.css") != before
    assert after.find(before) is None
    assert after.find(after.address("a.css")) is not None


def test_a_template_that_names_a_missing_file_fails(bare_app: Flask) -> None:
    with bare_app.app_context(), pytest.raises(KeyError):
        asset_url("css/missing.css")


def test_every_file_in_the_folder_is_served_with_its_type(bare_app: Flask, visitor: FlaskClient) -> None:
    names = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
    assert names
    for name in names:
        with bare_app.app_context():
            answer = visitor.get(asset_url(name))
        assert answer.status_code == 200, name
        assert answer.headers["Content-Type"] != "application/octet-stream"


def test_the_styles_for_reading_stay_small(bare_app: Flask, visitor: FlaskClient, address: str) -> None:
    compressed = len(gzip.compress(visitor.get(address).data, 9))
    assert compressed < 7_000, f"site.css is {compressed} bytes compressed"


def test_all_static_files_together_fit_in_memory_unnoticed() -> None:
    assets = Assets()
    total = sum(len(asset.body) for name in assets.names() if (asset := assets.find(assets.address(name))))
    assert total < 250_000
