"""What the rules look at: our own files, as text and as syntax trees, and the layers they lie in."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from tests.parts import ROOT

PACKAGE = "src/homeport"


@dataclass(frozen=True)
class Source:
    """A file of ours, or one that a test made up. `path` is relative to the project's folder, with `/`."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, self.path)

    @property
    def name(self) -> str:
        """The file's own name, such as `queries.py`."""
        return self.path.rpartition("/")[2]

    @property
    def room(self) -> str:
        """The layer the file belongs to: `posts` for all of `src/homeport/posts`, `app` for app.py; else empty."""
        inside = self.path.removeprefix(f"{PACKAGE}/")
        return "" if inside == self.path else inside.partition("/")[0].removesuffix(".py")

    def at(self, place: ast.AST | int, message: str) -> str:
        """A finding: where, and what is wrong there."""
        line = place if isinstance(place, int) else getattr(place, "lineno", 1)
        return f"{self.path}:{line}: {message}"


Rule = Callable[[Source], Iterator[str]]


@cache
def read(folder: str, suffix: str) -> tuple[Source, ...]:
    """Every file below `folder` with this ending, in order."""
    paths = (path for path in (ROOT / folder).rglob(f"*{suffix}") if path.is_file() and "__pycache__" not in path.parts)
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text()) for path in sorted(paths))


def package() -> tuple[Source, ...]:
    """The Python files of the package."""
    return read(PACKAGE, ".py")


def templates() -> tuple[Source, ...]:
    """The HTML templates of all features."""
    return tuple(source for source in read(PACKAGE, ".html") if "/templates/" in source.path)


@cache
def layers() -> tuple[frozenset[str], ...]:
    """The lines of the import contract in pyproject.toml, the highest first; rooms that may be absent included."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    return tuple(frozenset(re.findall(r"\w+", line)) for line in contract["layers"])


@cache
def features() -> frozenset[str]:
    """Every room but those that all others share, and the two files that put the others together."""
    return frozenset().union(*layers()) - {"app", "cli", "core", "ui", "migrations"}


def check(sources: tuple[Source, ...], rule: Rule) -> None:
    """Fail with everything that `rule` finds."""
    findings = [finding for source in sources for finding in rule(source)]
    if findings:
        reason = " ".join((rule.__doc__ or "").split())
        raise AssertionError("\n".join([reason, *findings]))
