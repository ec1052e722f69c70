"""What the owners are written about the place."""

from datetime import datetime

from homeport.accounts.models import User
from homeport.core.config import Config
from homeport.core.site import site
from homeport.https.queries import Standing
from homeport.jobs.service import queue_mail
from homeport.ops import certificate as words
from homeport.ops.warned import Noted
from homeport.ui.filters import date_and_time
from homeport.ui.letters import Letter

DOCTOR = "If that page can’t be reached, type homeport doctor on the computer that the blog runs on: it says the same."


def certificate(config: Config, found: Standing) -> Letter:
    """That the certificate is about to end, has ended, is missing, or is good again."""
    link = (words.HTTPS.label, config.origin + words.HTTPS.path)
    ends = date_and_time(found.ends) if found.ends else ""
    if found.stage is None:
        well = (f"The certificate for {config.domain} is good again, until {ends}.", "There is nothing left to do.")
        return Letter(_subject("the certificate is good again"), well, link)
    short = f"the certificate ends on {ends}" if found.stage else "the certificate has ended"
    if found.certificate is None:
        short = "there is no certificate"
    return Letter(_subject(short), tuple(words.sentences(config, found)), link, (DOCTOR,))


def key(found: Standing, noted: Noted | None, user: User) -> str:
    """By what the outbox knows the one mail to an owner about a stage of a certificate, or since when there is none."""
    moment = found.ends or (noted.since if noted else None)
    return f"certificate {moment.isoformat() if moment else ''} {found.stage} {user.id}"


def send(user: User, letter: Letter, key: str, now: datetime) -> None:
    """Put a letter into the outbox, in the caller's transaction; a second one with the same key is none."""
    queue_mail(user.email, letter.subject, letter.text, html=letter.html, now=now, key=key)


def _subject(said: str) -> str:
    return f"{site().title}: {said}"
