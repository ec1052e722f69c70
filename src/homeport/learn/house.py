"""The house this program is: its rooms, what each imports, and so which lies above which; read from its own files.

Nothing here is drawn by hand. A room is a folder of the package, or a file beside them; that it imports another one is
found by parsing its modules (`ast`). Who imports nobody lies at the bottom.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
NAME = PACKAGE.name
BY_NAME = frozenset({"app", "cli"})
"""The two files that load rooms by their names instead of importing them."""


@dataclass(frozen=True)
class Module:
    """A file: its path below the package, how many lines it has, the first sentence of what it says of itself."""

    path: str
    lines: int
    about: str
    imports: frozenset[str]


@dataclass(frozen=True)
class Room:
    """A room: what it says of itself, its files, and the rooms that it imports."""

    name: str
    about: str
    modules: tuple[Module, ...]
    imports: frozenset[str]

    @property
    def lines(self) -> int:
        """Lines of Python in it, those without anything left out."""
        return sum(module.lines for module in self.modules)


@cache
def rooms() -> dict[str, Room]:
    """Every room by its name. Read once: the files of a program that runs do not change."""
    return {name: _room(name) for name in names()}


@cache
def names() -> tuple[str, ...]:
    """The names of all rooms."""
    folders = (path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    files = (path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    return tuple(sorted({*folders, *files}))


@cache
def floors() -> tuple[tuple[Room, ...], ...]:
    """The rooms by the floor they lie on, the highest first: each imports rooms of lower floors alone.

    Raises ValueError where two rooms import each other, for then there are no floors.
    """
    height: dict[str, int] = {}
    while len(height) < len(rooms()):
        ready = [room for room in rooms().values() if room.name not in height and room.imports <= height.keys()]
        if not ready:
            raise ValueError("rooms import each other in a circle")
        for room in ready:
            height[room.name] = 1 + max((height[name] for name in room.imports), default=-1)
    top = max(height.values(), default=-1)
    return tuple(tuple(room for room in rooms().values() if height[room.name] == floor) for floor in range(top, -1, -1))


def importers(name: str) -> list[str]:
    """The rooms that import this one."""
    return [room.name for room in rooms().values() if name in room.imports]


def _room(name: str) -> Room:
    files = [PACKAGE / f"{name}.py"] if (PACKAGE / f"{name}.py").exists() else sorted((PACKAGE / name).rglob("*.py"))
    modules = tuple(_module(file) for file in files)
    about = next((module.about for module in modules if module.path.endswith(("__init__.py", f"/{name}.py"))), "")
    imports = frozenset[str]().union(*(module.imports for module in modules)) - {name}
    return Room(name, about or _first_of(modules), modules, imports)


def _first_of(modules: tuple[Module, ...]) -> str:
    return modules[0].about if modules else ""


def _module(file: Path) -> Module:
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    about = first_sentence(ast.get_docstring(tree) or "")
    path = file.relative_to(PACKAGE.parent).as_posix()
    lines = sum(bool(line.strip()) for line in text.splitlines())
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    found = {*_imported(tree), *(_named(tree) if room in BY_NAME else ())}
    return Module(path, lines, about, frozenset(found & {*names()}))


def first_sentence(text: str) -> str:
    """The first sentence of a docstring, on one line."""
    line = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in found if name.startswith(f"{NAME}.") and name.count(".") > 0)


def _named(tree: ast.AST) -> Iterator[str]:
    """The rooms that stand in a file as text: `"homeport.jobs.cli:worker"`, or in the list FEATURES."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{NAME}."):
            yield node.value.split(".")[1]
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FEATURES":
            yield from ast.literal_eval(node.value)
