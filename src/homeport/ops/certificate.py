"""The certificate in the owner's words: on their pages, on the safety page and by mail."""

from datetime import datetime

from homeport.core.config import Config
from homeport.core.findings import Row, Way, good, look, mend
from homeport.core.http import Role, Viewer
from homeport.https import queries as https
from homeport.https.queries import Standing
from homeport.ui.filters import date_and_time
from homeport.ui.notices import Notice, Offer

HTTPS = Way("Look at the HTTPS", "/admin/https")


def notices(config: Config) -> Offer:
    """What an owner is told on every page while the certificate is about to end, has ended or is missing, or a new one
    is refused."""

    def offer(viewer: Viewer, now: datetime) -> Notice | None:
        if not viewer.may(Role.OWNER):
            return None
        found = https.standing(config, now)
        if found is None or (found.stage is None and not found.refused):
            return None
        return Notice(" ".join(sentences(config, found)), HTTPS, is_urgent=not found.is_well)

    return offer


def sentences(config: Config, found: Standing) -> list[str]:
    """What is so, what comes of it, whether it mends itself, and why it has not yet."""
    said = [_state(config, found)]
    if found.refused:
        said.append(found.refused)
    elif config.https_method == "files":
        said.append("Nothing renews it by itself: put a new one where the settings say.")
    else:
        said.append("It is tried again by itself." if found.stage == 0 else "Renewing it has not worked so far.")
    if found.failed and found.failed.error:
        said.append(f"The last try, on {date_and_time(found.failed.at)}: {found.failed.error}")
    return said


def _state(config: Config, found: Standing) -> str:
    if found.certificate is None:
        return f"There is no certificate for {config.domain}, so nobody can come by HTTPS."
    when = date_and_time(found.certificate.ends)
    if found.stage == 0:
        return f"The certificate for {config.domain} ended on {when}: browsers keep readers away."
    return f"The certificate for {config.domain} ends on {when}; from then on browsers keep readers away."


def row(config: Config, found: Standing) -> Row:
    """The safety page's line about HTTPS where the blog does it itself."""
    if found.certificate is not None and found.stage is None and not found.refused:
        until = date_and_time(found.certificate.ends)
        renewed = (
            "It is renewed by itself before." if config.https_method != "files" else "Nothing renews it by itself."
        )
        safe = f"Links lead to {config.origin}, and cookies travel by HTTPS alone."
        return good("HTTPS", f"{safe} The certificate is good until {until}. {renewed}", HTTPS)
    return (look if found.is_well else mend)("HTTPS", " ".join(sentences(config, found)), HTTPS)
