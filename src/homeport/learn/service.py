"""Keeping how far somebody is."""

from datetime import datetime

from homeport.core.db import db
from homeport.core.http import Viewer
from homeport.learn.models import LearnStep
from homeport.learn.primer import Chapter


def note_step(chapter: Chapter, step: str, *, done: bool, by: Viewer, now: datetime) -> None:
    """Keep that somebody tried a step, and whether it went right; nothing is kept of who is not logged in."""
    if by.user_id is None:
        return
    key = {"user_id": by.user_id, "chapter": chapter.slug, "step": step}
    row = db.session.get(LearnStep, key)
    if row is None:
        row = LearnStep(**key, tries=0)
        db.session.add(row)
    row.tries += 1
    if done and row.done_at is None:
        row.done_at = now
