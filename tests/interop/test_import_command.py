"""Somebody types `homeport import` and reads what it says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from homeport.app import create_app
from homeport.cli import group
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.posts.models import Post
from tests.cast import Cast
from tests.interop.folders import ZOLA, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small blog with one broken file and one draft."""
    return write(tmp_path / "old", {**ZOLA, "content/blog/broken.md": "+++\ntitle = \n+++\nx"})


def run(config: Config, *arguments: str) -> Result:
    """The command, as from a shell that has no terminal."""
    return CliRunner().invoke(group, ["import", *arguments, "--data", str(config.data)], obj=create_app)


def count(app: Flask) -> int:
    """How many posts the blog has."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Post)) or 0


def test_it_says_what_came_in_what_did_not_and_why(app: Flask, everybody: Cast, config: Config, folder: Path) -> None:
    said = run(config, str(folder), "--author", "alice@example.com")
    assert said.exit_code == 1
    assert re.search(r"content/blog/broken\.md +failed", said.output)
    assert "the TOML head cannot be read" in said.output
    assert "leads nowhere: gone.png" in said.output
    assert "Came in     3" in said.output
    assert count(app) == 3


def test_a_dry_run_says_so(app: Flask, everybody: Cast, config: Config, folder: Path) -> None:
    said = run(config, str(folder), "--author", "alice@example.com", "--dry-run")
    assert "nothing was changed" in said.output
    assert "Came in     3" in said.output
    assert count(app) == 0


@pytest.mark.parametrize(
    ("path", "author", "sentence"),
    [
        ("nowhere", "alice@example.com", "is not a folder"),
        ("", "nobody@example.com", "homeport user add nobody@example.com"),
        ("", "charlie@example.com", "may write here"),
    ],
)
def test_what_cannot_begin_is_one_sentence(
    app: Flask, everybody: Cast, config: Config, folder: Path, path: str, author: str, sentence: str
) -> None:
    said = run(config, str(folder / path), "--author", author)
    assert isinstance(said.exception, Problem)
    assert sentence in f"{said.exception.message} {said.exception.hint}"
    assert count(app) == 0


def test_an_address_stays_whole_and_what_holds_for_several_is_said_once(
    app: Flask, everybody: Cast, config: Config, tmp_path: Path
) -> None:
    far = [f"https://far.example/{'long/' * 20}{number}.png" for number in range(2)]
    body = "".join(f"![]({address})\n" for address in far)
    old = write(tmp_path / "old", {"a.md": f"+++\ntitle='A'\ndate=2020-01-01\n+++\n{body}[x](gone.md)\n"})
    said = run(config, str(old), "--author", "alice@example.com").output.splitlines()
    assert said[said.index("a.md  came in") + 1 :][:4] == [
        "  shows a picture of another host, which readers' browsers will not load:",
        *(f"    {address}" for address in far),
        "  link leads nowhere: gone.md",
    ]


def test_text_between_square_brackets_is_not_taken_for_a_colour(
    app: Flask, everybody: Cast, config: Config, tmp_path: Path
) -> None:
    old = write(tmp_path / "old", {"a.md": "+++\ntitle='A'\ndate=2020-01-01\n+++\n[x]([red]b.md)\n"})
    assert "[red]b.md" in run(config, str(old), "--author", "alice@example.com").output


def test_a_file_cannot_talk_to_the_terminal(app: Flask, everybody: Cast, config: Config, tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"a\x1b[2J.md": "+++\ntitle='A'\ndate=2020-01-01\n+++\n[x](gone.md)\n"})
    said = run(config, str(old), "--author", "alice@example.com").output
    assert "gone.md" in said
    assert "\x1b" not in said
