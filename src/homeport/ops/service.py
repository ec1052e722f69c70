"""What the owner does with the place as a whole."""

import logging
from dataclasses import asdict
from datetime import datetime

from homeport.accounts import service as accounts
from homeport.core import site
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.site import Site

log = logging.getLogger(__name__)


def change_settings(new: Site, by: Viewer, now: datetime) -> None:
    """Store the site's settings that differ from the present ones. Raises Problem for anybody but an owner."""
    if not by.may(Role.OWNER):
        raise Problem("Only an owner changes the settings.", status=403, code="not_allowed")
    present = asdict(site.site())
    changed = {name: value for name, value in asdict(new).items() if value != present[name]}
    if changed:
        site.change(**changed)
        accounts.record("settings_changed", by=by, now=now, target=", ".join(changed))
        log.info("settings changed", extra={"by": by.user_id, "settings": ", ".join(changed)})
