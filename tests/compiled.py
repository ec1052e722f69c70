"""Keeps what an application compiles when it is made, for the some thousand applications of one test run.

Most tests make an application of their own. Compiling its templates anew, and a function for each address, took more
than half of the time of those tests.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


class CompiledTemplates(BytecodeCache):
    """Each template compiled once per process."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Look by name and place of the template, which make the key, and by its source, which makes the checksum."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = CompiledTemplates()


def share_the_builders_of_addresses() -> None:
    """Have Werkzeug compile the function that builds an address once for all rules of the same form.

    The function depends on nothing but the rule's trace; its converters it asks of the rule that it is called with.
    """
    compile_builder: Callable[[Rule, bool], Any] = Rule._compile_builder
    compiled: dict[tuple[str, bool, tuple[tuple[bool, str], ...]], Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, append_unknown, tuple(rule._trace))
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = builder  # type: ignore[assignment, method-assign]
