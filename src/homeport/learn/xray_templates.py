"""Templates as they are rendered, one within the other: put into the place of Jinja's own when first looked at."""

from collections.abc import Callable, Iterator, MutableMapping
from types import CodeType
from typing import Any

from jinja2 import Environment, Template
from jinja2.runtime import Context

from homeport.learn.xray_record import current

Render = Callable[[Context], Iterator[str]]


class Watched:
    """A template's body or one of its blocks. Jinja finds a block by comparing it with its function (`super()`)."""

    __slots__ = ("_kind", "_name", "_render")

    def __init__(self, render: Render, kind: str, name: str) -> None:
        self._render, self._kind, self._name = render, kind, name

    def __call__(self, context: Context) -> Iterator[str]:
        if current.get() is None:
            return self._render(context)
        return self._watch(context)

    def __eq__(self, other: object) -> bool:
        return other is self or other == self._render

    def __hash__(self) -> int:
        return hash(self._render)

    def _watch(self, context: Context) -> Iterator[str]:
        recording = current.get()
        if recording is None:
            yield from self._render(context)
            return
        step = recording.begin(self._kind, self._name)
        try:
            yield from self._render(context)
        finally:
            recording.end(step)


class WatchedTemplate(Template):
    """A template whose parts can be looked on at."""

    @classmethod
    def from_code(
        cls,
        environment: Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],
        uptodate: Callable[[], bool] | None = None,
    ) -> Template:
        """As Jinja makes one, with each part watched."""
        made = super().from_code(environment, code, globals, uptodate)
        name = made.name or "a text"
        made.root_render_func = Watched(made.root_render_func, "template", name)
        made.blocks = {block: Watched(render, "block", f"{block} of {name}") for block, render in made.blocks.items()}
        return made


def watch(environment: Environment) -> None:
    """Have the templates of an environment be watched from now on; those that were loaded are loaded anew."""
    environment.template_class = WatchedTemplate
    if environment.cache is not None:
        environment.cache.clear()
