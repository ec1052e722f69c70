"""References inside a post: pictures brought along, links to other posts and old addresses made to fit."""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BACKTICKS = re.compile("`+")
_REFERENCES = re.compile(
    r"""(?P<inline>!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*)(?P<inline_to><[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)"""
    r"""|(?P<define>^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*)(?P<define_to><[^<>\n]*>|\S+)"""
    r"""|(?P<html><(?:img|a|source|video|audio)\b[^<>]*?\s(?:src|href)\s*=\s*["']?)(?P<html_to>[^"'\s>]+)""",
    re.MULTILINE | re.IGNORECASE,
)
_SHORTCODE = re.compile(r"\{\{[<%]\s*/?\s*(\w+)|\{%-?\s*(\w+)")
_REF = re.compile(
    r"""\{\{[<%]\s*(?:rel)?ref\s+["']?([^"'\s>%]+)["']?\s*[%>]\}\}|\{%-?\s*(?:post_url|link)\s+(\S+?)\s*-?%\}"""
)
_OPENS = re.compile(r"[\[<{]")
"""Every reference and every call begins with one of these; what stands between two pieces of code often has none."""
_ACTIVE = re.compile(r"<(script|style|iframe|object|embed|form)\b", re.IGNORECASE)

Resolve = Callable[[str, bool], str | None]


def rewrite(text: str, resolve: Resolve) -> str:
    """The text with every reference that `resolve` answers for replaced; what stands in code is left alone."""

    def replace(found: re.Match[str]) -> str:
        kind = next(name for name in ("inline", "define", "html") if found[name] is not None)
        wanted = found[f"{kind}_to"]
        answer = resolve(wanted.strip("<>"), found[0].startswith(("![", "<img", "<IMG")))
        return found[0] if answer is None else found[kind] + answer

    def replace_call(found: re.Match[str]) -> str:
        return resolve(found[1] or found[2], False) or found[0]

    parts = [
        part if is_code or not _OPENS.search(part) else _REFERENCES.sub(replace, _REF.sub(replace_call, part))
        for is_code, part in _split_code(text)
    ]
    return "".join(parts)


def without_code(text: str) -> str:
    """What a text says outside of code."""
    return "".join(part for is_code, part in _split_code(text) if not is_code)


def shortcodes(prose: str) -> set[str]:
    """Names of template calls that stand in the prose, such as Hugo's `{{< figure >}}`: nobody will run them here."""
    return {first or second for first, second in _SHORTCODE.findall(prose)} - {"raw", "endraw"}


def active_content(prose: str) -> set[str]:
    """Names of elements in the prose that run or embed something, which no post may: they are left out when shown."""
    return {name.lower() for name in _ACTIVE.findall(prose)}


def _split_code(text: str) -> list[tuple[bool, str]]:
    """Cut a text into (is code, part): fenced blocks by line, then code spans within the prose between them."""
    runs = groupby(_marked_lines(text), key=itemgetter(0))
    blocks = [(is_code, "".join(line for _, line in run)) for is_code, run in runs]
    return [part for block in blocks for part in ([block] if block[0] else _split_spans(block[1]))]


def _marked_lines(text: str) -> Iterator[tuple[bool, str]]:
    """Each line, and whether it belongs to a fenced block."""
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        inside = bool(fence)
        if not fence and mark:
            fence, inside = mark[1], True
        elif fence and mark and mark[1].startswith(fence) and line.strip() == mark[1]:
            fence = ""
        yield inside, line


def _split_spans(prose: str) -> list[tuple[bool, str]]:
    """A run of backticks begins a span that ends with the next run of its length (CommonMark 6.1); in linear time."""
    runs = [run.span() for run in _BACKTICKS.finditer(prose)]
    ends = _next_of_its_length(runs)
    parts: list[tuple[bool, str]] = []
    end = first = 0
    while first < len(runs):
        if last := ends[first]:
            start, stop = runs[first][0], runs[last][1]
            parts += [(False, prose[end:start]), (True, prose[start:stop])]
            first, end = last, stop
        first += 1
    return [*parts, (False, prose[end:])]


def _next_of_its_length(runs: list[tuple[int, int]]) -> list[int]:
    """For each run the number of the next one that is as long, or 0: nothing is before the first."""
    found, later = [0] * len(runs), dict[int, int]()
    for number in range(len(runs) - 1, -1, -1):
        start, stop = runs[number]
        found[number] = later.get(stop - start, 0)
        later[stop - start] = number
    return found


def is_elsewhere(reference: str) -> bool:
    """Whether a reference leads to another host, to another scheme, or only within its own page."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return True
    return bool(parts.scheme or parts.netloc or not parts.path)


def file_of(reference: str, start: Path, tops: tuple[Path, ...], root: Path) -> Path | None:
    """The file below `root` that a reference names, relative to the post's folder or to the top of the site."""
    name = unquote(urlsplit(reference).path)
    for mark in ("{static}", "{filename}", "{attach}", "@", "|filename|"):
        name = name.removeprefix(mark)
    relative = name.lstrip("/")
    places = [start / name] if not name.startswith("/") else []
    places += [top / relative for top in tops]
    # Hugo's ref and Jekyll's post_url name a post without its ending, Jekyll's from within its folder of posts.
    places += [top / folder / f"{relative}.md" for top in tops for folder in ("", "_posts")]
    for path in places:
        try:
            real = path.resolve()
            if real.is_relative_to(root.resolve()) and real.is_file():
                return real
        except (OSError, ValueError):  # a name too long, or with a NUL
            continue
    return None


def joined(address: str, reference: str) -> list[str]:
    """What a relative reference may mean from an old address: that of a page `x/`, or of a file `x`."""
    path = unquote(urlsplit(reference).path)
    bases = [PurePosixPath(address), PurePosixPath(address).parent] if not path.startswith("/") else [PurePosixPath()]
    return [_collapse(str(base / path.lstrip("/"))) for base in bases]


def _collapse(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def tail(reference: str) -> str:
    """The query and fragment of a reference, to be kept when its path changes."""
    parts = urlsplit(reference)
    return (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
