"""Another key for the secrets that must be readable again. Killed at any point, it is run again and nothing is lost.

First the new key is added, then every secret is sealed with it in one transaction, then the old keys go. In between,
the file holds both, so that whatever the database says can be opened.
"""

from datetime import datetime

from sqlalchemy import select

from homeport.accounts import audit
from homeport.accounts.models import Totp
from homeport.accounts.turns import KEYS, take_turns
from homeport.core import vault
from homeport.core.config import Config
from homeport.core.db import db, end_transaction
from homeport.core.http import Viewer


def rotate(config: Config, *, by: Viewer, now: datetime) -> int:
    """Seal every secret with a new key and drop the old ones; returns how many secrets there are. Commits.

    Raises Problem where a secret cannot be opened (no key is dropped then), or somebody else is at it.
    """
    end_transaction()  # a snapshot from before the new key could miss a secret
    with vault.changing_keys(config):
        vault.add_key(config)
        secrets = _seal_anew(config)
        audit.record("keys_rotated", by=by, now=now, target=f"{secrets} secrets")
        end_transaction()
        vault.drop_old_keys(config)
    return secrets


def _seal_anew(config: Config) -> int:
    take_turns(KEYS)
    apps = db.session.scalars(select(Totp).with_for_update()).all()
    for app in apps:
        app.sealed_secret = vault.reseal(config, app.sealed_secret)
    db.session.flush()
    return len(apps)
