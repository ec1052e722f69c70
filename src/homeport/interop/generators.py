"""Where each generator would have put a post: the address a reader may still have."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from homeport.interop.frontmatter import FrontMatter

DATED_NAME = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[-_ ](.+)")
_DATED_PATH = re.compile(r"(?:^|/)(\d{4})/(\d\d?)/(\d\d?)/")

_JEKYLL_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "none": "/:categories/:title.html",
}


@dataclass(frozen=True)
class Generator:
    """The program a folder was written for, and what its configuration says of addresses."""

    name: str
    content: str = ""
    static: tuple[str, ...] = ("static",)
    permalinks: Mapping[str, str] = field(default_factory=dict)

    def address(self, place: PurePosixPath, front: FrontMatter, title: str, date: datetime | None) -> str:
        """The old address of the post at `place` (relative to the content folder), without slashes at the ends."""
        if front.text("path"):  # Zola's own word, and ours: a whole address, whatever signs are in it
            return normal(front.text("path"))
        own = front.text("url", "permalink", "save_as")
        if own and ":" not in own:
            return normal(own)
        if self.name == "jekyll":
            return self._from_template(own or self.permalinks.get("", "date"), place, front, title, date)
        if self.name == "pelican":
            slug = front.text("slug") or slugify(title or place.stem)
            return normal(self.permalinks.get("", "{slug}.html").replace("{slug}", slug))
        section = place.parts[0] if len(place.parts) > 1 else ""
        if self.name == "hugo" and section in self.permalinks:
            return self._from_template(self.permalinks[section], place, front, title, date)
        return normal("/".join([*_folders(place), front.text("slug") or self._stem(place)]))

    def _from_template(
        self, template: str, place: PurePosixPath, front: FrontMatter, title: str, date: datetime | None
    ) -> str:
        slug = front.text("slug") or (slugify(title) if self.name == "hugo" else self._stem(place))
        parts = {
            "categories": "/".join(slugify(word) for word in front.words("categories", "category")),
            "title": slug if self.name == "jekyll" else slugify(title),
            "slug": slug,
            "slugorfilename": slug,
            "filename": self._stem(place),
            "section": place.parts[0] if len(place.parts) > 1 else "",
        }
        if date:
            parts |= {"year": f"{date:%Y}", "month": f"{date:%m}", "day": f"{date:%d}", "y_day": f"{date:%j}"}
            parts |= {"i_month": str(date.month), "i_day": str(date.day), "short_year": f"{date:%y}"}
        known = _JEKYLL_STYLES.get(template, template)
        filled = re.sub(r":(\w+)", lambda name: parts.get(name[1], name[0]), known)
        # What asks for a date that nobody gave, as for a draft, has no address yet.
        return normal(slug if ":" in filled else filled)

    def _stem(self, place: PurePosixPath) -> str:
        name = place.parent.name if place.stem == "index" and place.parent.name else place.stem
        dated = DATED_NAME.fullmatch(name)
        return dated[4] if dated and self.name != "hugo" else name


def _folders(place: PurePosixPath) -> tuple[str, ...]:
    return place.parent.parts[:-1] if place.stem == "index" else place.parent.parts


def normal(address: str) -> str:
    """An address without its host, query, repeated slashes and slashes at the ends."""
    path = re.sub(r"^[a-z]+://[^/]*", "", address.strip()).split("#")[0].split("?")[0]
    return re.sub(r"/{2,}", "/", path).strip("/")


def slugify(text: str) -> str:
    """Lower-case letters and digits joined by hyphens, as the generators make file names of titles."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\W_]+", "-", folded).strip("-")


def date_in(path: str) -> tuple[int, int, int] | None:
    """The date in an address (`2015/05/15/…`) or file name (`2015-05-15-…`)."""
    found = _DATED_PATH.search(path) or DATED_NAME.search(path.rpartition("/")[2])
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def detect(root: Path) -> Generator:
    """Find out what wrote the folder, by its configuration file; without one it is read as Zola's content folder."""
    if (root / "_config.yml").is_file() or (root / "_posts").is_dir():
        permalink = _read(root / "_config.yml").get("permalink")
        return Generator("jekyll", static=("",), permalinks={"": permalink if isinstance(permalink, str) else "date"})
    if (root / "pelicanconf.py").is_file():
        return _pelican(root)
    for name in ("hugo.toml", "hugo.yaml", "hugo.yml", "config.yaml", "config.yml", "config.toml"):
        settings = _read(root / name)
        if settings:
            kind = "zola" if "base_url" in settings else "hugo"
            return Generator(kind, _folder(root, "content"), permalinks=_permalinks(settings))
    return Generator("zola", _folder(root, "content"))


def _folder(root: Path, name: str) -> str:
    return name if (root / name).is_dir() else ""


def _permalinks(settings: Mapping[str, Any]) -> dict[str, str]:
    table = settings.get("permalinks")
    if isinstance(table, dict) and isinstance(table.get("page"), dict):
        table = table["page"]
    return {name: value for name, value in (table or {}).items() if isinstance(value, str)}


def _pelican(root: Path) -> Generator:
    # The configuration is a program; it is read for two values, never run.
    text = (root / "pelicanconf.py").read_text(errors="replace")
    values = dict(re.findall(r"^(ARTICLE_URL|PATH)\s*=\s*['\"](.+?)['\"]", text, re.MULTILINE))
    content = _folder(root, values.get("PATH", "content").strip("./"))
    return Generator("pelican", content, (content,), {"": values.get("ARTICLE_URL", "{slug}.html")})


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text()
        values = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError, LookupError, AttributeError, TypeError):
        return {}
    return values if isinstance(values, dict) else {}
