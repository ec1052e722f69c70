"""How far somebody is, in the primer and in the exercises, and who belongs to the class."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from homeport.core.db import Base, UTCDateTime


class LearnStep(Base):
    """One step that somebody tried: `question 3` or `experiment NAME` of a chapter.

    `done_at` is when it first went right: a question answered rightly, an experiment run. It stays, whatever is tried
    afterwards. Of answers only their number is kept, not which were chosen.
    """

    __tablename__ = "learn_progress"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    chapter: Mapped[str] = mapped_column(String(60), primary_key=True)
    step: Mapped[str] = mapped_column(String(80), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LearnExercise(Base):
    """How far somebody is with one exercise, as their own folder told.

    `done_at` is when they first solved it, by the clock of their machine; `hints`, how many of its hints they have
    seen. Their programs are not kept.
    """

    __tablename__ = "learn_exercises"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    exercise: Mapped[str] = mapped_column(String(80), primary_key=True)
    hints: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LearnPupil(Base):
    """Somebody who belongs to the class, since `joined_at`, until `left_at`.

    `came_for_it`: their account was made for it, and goes with it; not any more once they have left and come again.
    `dismissed_at`: when the teacher had it deleted, which is no wish of their own. It is the `asked_at` of that
    departure; where there is none, or another one, they chose to stay.
    """

    __tablename__ = "learn_pupils"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime)
    came_for_it: Mapped[bool] = mapped_column(default=True)
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
