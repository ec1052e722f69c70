"""A blog keeps somebody who may do everything in it."""

from homeport.accounts import queries
from homeport.accounts.models import User
from homeport.core.errors import Problem


def keep_one(user: User) -> None:
    """Raise Problem if no owner who can log in would be left without this one."""
    able = queries.able_owners()
    if user in able and len(able) == 1:
        raise Problem(
            "The blog needs an owner who can log in, and this is the only one.",
            status=409,
            code="last_owner",
            hint="Make somebody else an owner first.",
        )
