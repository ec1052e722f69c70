"""The head of a Markdown file: TOML between `+++`, YAML between `---`, or Pelican's `Name: value` lines."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from homeport.core.errors import Problem

_FENCED = re.compile(r"\A\ufeff?(\+\+\+|---)[ \t]*\r?\n(.*?)^\1[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z_-]{1,30}):[ \t]*(.*)")
_LONGEST_DATE = 60


class _Loader(yaml.SafeLoader):
    """YAML without references (&a, *a): they are how a few lines grow to gigabytes, and no front matter needs them."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As the original, for anything but a reference."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML has types for few methods
            raise yaml.MarkedYAMLError(problem="references (*) are not accepted", problem_mark=mark)
        return super().compose_node(parent, index)


@dataclass(frozen=True)
class FrontMatter:
    """What a file says of itself. `values` has lower-case keys; `syntax` is toml, yaml, lines or none."""

    values: Mapping[str, Any] = field(default_factory=dict)
    syntax: str = "none"

    def text(self, *names: str) -> str:
        """The first of these values that is there, as one line of text; empty where none is."""
        for name in names:
            value = self.values.get(name)
            if value is not None and not isinstance(value, dict | list):
                return " ".join(str(value).split())
        return ""

    def words(self, *names: str) -> tuple[str, ...]:
        """The values of lists (or comma-separated texts) under any of these names, in order, without repeats."""
        found: dict[str, None] = {}
        for name in names:
            found.update(dict.fromkeys(_words(self.values.get(name))))
        return tuple(found)

    def flag(self, name: str) -> bool | None:
        """A yes or no, or None where nothing is said."""
        value = self.values.get(name)
        return None if value is None else str(value).strip().lower() in {"true", "yes", "1"}

    def moment(self, zone: ZoneInfo, *names: str) -> datetime | None:
        """The first date that can be read, aware, in UTC; a date without a zone is taken in `zone`."""
        return next((when for name in names if (when := read_date(self.values.get(name), zone))), None)


def split(text: str) -> tuple[FrontMatter, str]:
    """Separate head and body. Raises Problem, naming the line, when the head is there but cannot be read."""
    fenced = _FENCED.match(text)
    if fenced:
        values = _toml(fenced[2]) if fenced[1] == "+++" else _yaml(fenced[2])
        return FrontMatter(_flat(values), "toml" if fenced[1] == "+++" else "yaml"), text[fenced.end() :]
    return _header_lines(text)


def _toml(source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(source.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a thousand lists in each other
        raise Problem(f"the TOML head cannot be read: {error}", code="bad_front_matter") from None


def _yaml(source: str) -> dict[str, Any]:
    try:
        values = yaml.load(source, _Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        # The last three come from values that are tagged as what they are not, such as `!!bool maybe`.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        reason = getattr(error, "problem", None) or type(error).__name__
        raise Problem(f"the YAML head cannot be read{where}: {reason}", code="bad_front_matter") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise Problem("the YAML head is not a list of names and values", code="bad_front_matter")
    return values


def _header_lines(text: str) -> tuple[FrontMatter, str]:
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    values: dict[str, str] = {}
    for number, line in enumerate(lines):
        header = _HEADER_LINE.fullmatch(line.rstrip("\r\n"))
        if header:
            values[header[1].lower()] = header[2].strip()
        elif not line.strip() and "title" in values:
            return FrontMatter(values, "lines"), "".join(lines[number + 1 :])
        else:
            break
    return FrontMatter(), text.removeprefix("\ufeff")


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lower-case names; what stands in `[taxonomies]`, `[extra]` and `[params]` is read as if it stood outside."""
    flat: dict[str, Any] = {}
    for table in ("extra", "params", "taxonomies"):
        inner = values.get(table)
        flat |= {str(name).lower(): value for name, value in inner.items()} if isinstance(inner, dict) else {}
    return flat | {str(name).lower(): value for name, value in values.items()}


def _words(value: object) -> Iterable[str]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    names = (item.get("name", "") if isinstance(item, dict) else item for item in value)
    return (word for name in names if name is not None and (word := " ".join(str(name).split())))


def read_date(value: object, zone: ZoneInfo) -> datetime | None:
    """A date or time as TOML, YAML or text gives it, in UTC; None when it is none."""
    if isinstance(value, str):
        if len(value) > _LONGEST_DATE:
            return None
        text = re.sub(r"\s+([+-]\d\d):?(\d\d)$", r"\1:\2", value.strip().replace("/", "-"))
        try:
            value = datetime.fromisoformat(re.sub(r"\b(\d)\b", r"0\1", text) if len(text) < 10 else text)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None
