"""What can be wrong with a text that somebody wants to save."""

from homeport.core.errors import Problem


class DraftProblem(Problem):
    """One field of a text can't be stored as it is. `field` is its name in `Draft` and in the editor's form."""

    def __init__(self, field: str, message: str, hint: str, *, code: str = "invalid_post") -> None:
        super().__init__(message, status=422, code=code, hint=hint)
        self.field: str = field


class Conflict(Problem):
    """Somebody else changed the post since it was read. Nothing was stored: show both texts and ask."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this post in the meantime, so yours has not been saved yet.",
            status=409,
            code="conflict",
            hint="Compare the two texts and choose.",
        )
