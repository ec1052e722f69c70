"""What the pages about HTTPS, the service and the container name exists: commands, settings, files, places."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from homeport.cli import group
from homeport.core import config
from tests.parts import ROOT
from tests.tools.containerfile import read

PAGES = [page for name in ("https", "service", "container", "proxies") if (page := ROOT / f"docs/{name}.md").exists()]
ALL = [*PAGES, ROOT / "README.md", ROOT / "docs/running.md"]
SETTINGS = {row.name for row in config.settings()}
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
# What follows the name of a service, in OpenRC's commands, is no command of ours.
_COMMAND = re.compile(r"(?:^|(?<!rc-service)(?<!rc-update add)[ /])homeport ([a-z].*)")


def blocks(text: str, kind: str) -> list[str]:
    """The fenced blocks of a kind."""
    return [body for found, body in _FENCED.findall(text) if found == kind]


def code(text: str) -> Iterator[str]:
    """Every piece of code on a page, in lines."""
    prose = _FENCED.sub("", text)
    for _kind, body in _FENCED.findall(text):
        yield from body.splitlines()
    yield from _INDENTED.findall(prose)
    yield from (" ".join(piece.split()) for piece in _INLINE.findall(prose))


def unknown(line: str) -> str:
    """The part of a typed `homeport …` that there is not; "" where there is all of it, or no such command."""
    found = _COMMAND.search(line)
    words = re.sub(r"[\[\]]|\\\|", " ", found[1]).split() if found else []
    command: click.Command = group
    while words and isinstance(command, click.Group):
        name = words.pop(0).partition("|")[0]
        context = click.Context(command)
        known = command.get_command(context, name)
        if known is None:
            return name
        command = known
    options = {option for parameter in command.params for option in (*parameter.opts, "--help")}
    return next((word for word in words if word.startswith("--") and word.partition("=")[0] not in options), "")


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    assert [(line, missing) for line in code(page.read_text()) if (missing := unknown(line))] == []


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        (".venv/bin/homeport serve --domain blog.example.com", ""),
        ("homeport service install [--data DIR] [--domain NAME]", ""),
        ("homeport srve", "srve"),
        ("sudo homeport service enable", "enable"),
        ("homeport serve --https", "--https"),
        ("sudo useradd homeport", ""),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, missing: str) -> None:
    assert unknown(line) == missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_homeport_toml_that_is_shown_can_be_read(page: Path, tmp_path: Path) -> None:
    for number, content in enumerate(blocks(page.read_text(), "toml")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / config.FILE_NAME).write_text(content)
        assert config.load({"data": str(folder)}, {}).domain


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    others = {word for kind, body in _FENCED.findall(text) if kind != "toml" for word in re.findall(r"\w+", body)}
    named = {
        piece.partition(" = ")[0] for piece in _INLINE.findall(text) if re.match(r"[a-z]+(_[a-z]+)+( = |$)", piece)
    }
    assert named - others - SETTINGS == set()
    variables = set(re.findall(r"HOMEPORT_([A-Z_]+)", text)) - {"DATA"}
    assert {name.removesuffix("_FILE").lower() for name in variables} - SETTINGS == set()


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, place = target.partition("#")
        if path.startswith("https:"):
            continue
        file = page.parent / path if path else page
        assert file.exists(), target
        if place:
            assert place in anchors(file.read_text()), target


def anchors(text: str) -> set[str]:
    """The names that headings of a page have in links."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_composed_container_is_the_one_of_the_containerfile() -> None:
    [content] = blocks((ROOT / "docs/container.md").read_text(), "yaml")
    [service] = yaml.safe_load(content)["services"].values()
    final = read(ROOT / service["build"]["dockerfile"])[-1]
    assert [port.partition(":")[2] for port in service["ports"]] == final.texts("EXPOSE")[0].split()
    assert [volume.partition(":")[2] for volume in service["volumes"]] == final.texts("VOLUME")
    assert {name.removeprefix("HOMEPORT_").lower() for name in service["environment"]} <= SETTINGS


def test_pictures_say_in_words_what_they_show() -> None:
    for picture in (ROOT / "docs/img").glob("*.svg"):
        text = picture.read_text()
        assert 'role="img"' in text
        assert "<title" in text
        assert "<desc" in text
        assert not re.search(r"<script|https?://(?!www\.w3\.org)", text)
