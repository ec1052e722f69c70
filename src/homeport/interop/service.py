"""Bringing a folder of Markdown along: every post at its old address, its pictures, its authors' names."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DataError

from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.interop import links, queries, sources
from homeport.interop.frontmatter import split
from homeport.interop.generators import Generator, detect
from homeport.interop.models import ImportedPost
from homeport.interop.pictures import Pictures
from homeport.interop.report import Outcome, Report
from homeport.interop.sources import NotAPost, Source
from homeport.posts.models import Post, Status
from homeport.posts.service import IncomingPost, bring_in

Advance = Callable[[int, int], None]


@dataclass
class FolderImport:
    """One run over one folder. `zone` is the time zone of dates that name none."""

    root: Path
    author_id: int
    pictures: Pictures
    zone: ZoneInfo
    now: datetime
    dry_run: bool
    report: Report = field(default_factory=Report)
    by_address: dict[str, Source] = field(default_factory=dict)
    by_file: dict[Path, Source] = field(default_factory=dict)
    by_alias: dict[str, Source] = field(default_factory=dict)

    def run(self, advance: Advance) -> Report:
        """Read everything once to know every address, then bring each post in.

        `advance(done, total)` is called after each, when a commit leaves nothing half done. Raises Problem when there
        is no Markdown at all; broken files are only reported.
        """
        generator = detect(self.root)
        self._survey(generator)
        if not self.report.entries and not self.by_file:
            raise Problem(f"There is no Markdown file in {self.root}.", code="nothing_to_import")
        self._claim_aliases()
        total = len(self.by_file)
        for done, source in enumerate(self.by_file.values(), start=1):
            self._bring_in(source, generator)
            if self.dry_run:
                db.session.rollback()
            advance(done, total)
        self.report.pictures = self.pictures.names
        return self.report

    def _survey(self, generator: Generator) -> None:
        for path in sources.find(self.root, generator):
            name = str(path.relative_to(self.root))
            try:
                source = sources.read(self.root, path, generator, self.zone)
            except NotAPost as reason:
                self.report.add(name, Outcome.SKIPPED, str(reason))
                continue
            except Problem as problem:
                self.report.add(name, Outcome.FAILED, problem.message)
                continue
            first = self.by_address.setdefault(source.address, source)
            if first is source:
                self.by_file[path.resolve()] = source
            else:
                other = first.file.relative_to(self.root)
                self.report.add(name, Outcome.FAILED, f"has the same address as {other}: /{source.address}")

    def _claim_aliases(self) -> None:
        for source in self.by_file.values():
            for alias in source.aliases:
                if alias not in self.by_address:
                    self.by_alias.setdefault(alias, source)

    def _bring_in(self, source: Source, generator: Generator) -> None:
        name = str(source.file.relative_to(self.root))
        remarks = list(source.remarks)
        try:
            incoming = self._incoming(source, generator, remarks)
            with db.session.begin_nested():  # without its pictures: other posts may show them too
                outcome, reason = self._store(source, incoming, remarks)
        except Problem as problem:
            outcome, reason = Outcome.FAILED, problem.message
        except DataError:  # PostgreSQL holds columns to their length and takes no NUL
            outcome, reason = Outcome.FAILED, "holds a name too long, or a sign, that the database does not take"
        self.report.add(name, outcome, reason, tuple(dict.fromkeys(remarks)))

    def _incoming(self, source: Source, generator: Generator, remarks: list[str]) -> IncomingPost:
        _, body = split(sources.read_text(self.root, source.file))
        body = links.rewrite(body, partial(self._resolve, source, generator, remarks))
        prose = links.without_code(body)
        remarks += [f"calls the template {name}, which is shown as text" for name in sorted(links.shortcodes(prose))]
        remarks += [f"holds <{name}>, which is left out" for name in sorted(links.active_content(prose))]
        remarks += [
            f"its former address /{alias} belongs to {self._owner_of(alias)}"
            for alias in source.aliases
            if self._owner_of(alias) != source.place
        ]
        status = Status.PUBLISHED if source.date <= self.now else Status.SCHEDULED
        status = Status.DRAFT if source.draft else status
        return IncomingPost(
            path=source.address,
            title=source.title,
            body=body,
            summary=source.summary,
            tags=source.tags,
            bylines=source.authors,
            status=Status.PRIVATE if source.private else status,
            published_at=source.date,
            updated_at=source.updated,
            former_paths=tuple(alias for alias in source.aliases if self._owner_of(alias) == source.place),
        )

    def _owner_of(self, alias: str) -> object:
        owner = self.by_address.get(alias) or self.by_alias.get(alias)
        return owner.place if owner else None

    def _resolve(
        self, source: Source, generator: Generator, remarks: list[str], reference: str, is_picture: bool
    ) -> str | None:
        """The new address for a reference in a post, or None to leave it as it is; what is wrong goes to `remarks`."""
        if links.is_elsewhere(reference):
            if is_picture and not reference.startswith("data:"):
                remarks.append(f"shows a picture of another host, which readers' browsers will not load: {reference}")
            return None
        tops = tuple(self.root / folder for folder in (generator.content, *generator.static))
        file = links.file_of(reference, source.file.parent, tops, self.root)
        if file is not None:
            return self._resolve_file(file, reference, remarks)
        for address in links.joined(source.address, reference):
            target = self.by_address.get(address) or self.by_alias.get(address)
            if target is not None:
                return f"/{target.address}{links.tail(reference)}"
        remarks.append(f"{'picture' if is_picture else 'link'} leads nowhere: {reference}")
        return None

    def _resolve_file(self, file: Path, reference: str, remarks: list[str]) -> str | None:
        if file in self.by_file:
            return f"/{self.by_file[file].address}{links.tail(reference)}"
        try:
            return self.pictures.keep(file)
        except Problem as problem:
            remarks.append(f"{reference} was not taken: {problem.message}")
            return None

    def _store(self, source: Source, incoming: IncomingPost, remarks: list[str]) -> tuple[Outcome, str]:
        digest = hashlib.sha256(json.dumps(asdict(incoming), default=str).encode()).hexdigest()
        place = str(source.file.resolve())
        known = queries.imported(place, incoming.path, digest)
        if known is not None and known.digest == digest:
            known.source = place  # or, when it next changes, nobody would know it in a folder that was moved
            return Outcome.UNCHANGED, ""
        post = db.session.get(Post, known.post_id) if known else None
        if known is not None and post is not None and post.version != known.post_version:
            return Outcome.KEPT, "was edited here since it came in, and in its file too"
        post, refused = bring_in(incoming, author_id=self.author_id, now=self.now, post=post)
        remarks += [f"no redirect from /{path}: {reason}" for path, reason in refused]
        db.session.merge(
            ImportedPost(
                source=place,
                post_id=post.id,
                digest=digest,
                post_version=post.version,
                imported_at=self.now,
            )
        )
        return (Outcome.UPDATED if known else Outcome.CREATED), ""
