"""What the security page looks at: each check is told the facts and answers with one row.

A row says how it stands by a word and a shape, what that means in one sentence, and what mends it: a page, or something
to type.
"""

import shlex
import stat
from collections.abc import Sequence
from datetime import date
from ipaddress import ip_address
from pathlib import Path

from homeport.core.config import Config
from homeport.core.findings import Row, Way, good, look, mend
from homeport.core.values import Network
from homeport.https.queries import Standing
from homeport.ops.certificate import row as certificate_row

DOMAIN, PROXIES = 'domain = "blog.example.com"', 'trusted_proxies = ["127.0.0.1"]'
SETTINGS = Way("Change the settings", "/admin/settings")
JOBS = Way("Look at the jobs", "/admin/jobs")
AUDIT = Way("Open the audit log", "/admin/audit")
CHECK_AUDIT = Way("Check it now", "/admin/audit/check")
UNPROTECTED = Way("See who", "/admin/people?state=unprotected")
MINE = Way("Make new ones", "/account/security")
WAITING = Way("See who waits", "/admin/people?state=waiting")
HTTPS = Way("See how it stands", "/admin/https")
SUSPENDED = Way("See who is suspended", "/admin/people?state=suspended")


def https(config: Config, certificate: Standing | None) -> Row:
    """Whether what people send can be read on its way. `certificate`: None where the blog does no HTTPS itself."""
    title = "HTTPS"
    if certificate is not None:
        return certificate_row(config, certificate)
    if config.secure:
        return good(title, f"Links lead to {config.origin}, and cookies travel by HTTPS alone.", HTTPS)
    if config.host == "localhost" or _is_this_machine(config.host):
        meaning = "The blog is served on this computer alone. Before others can come, give it a domain and HTTPS."
        return look(title, meaning, HTTPS, DOMAIN)
    meaning = "Passwords travel readably through your network. Give the blog a domain: HTTPS then comes with it."
    return mend(title, meaning, HTTPS, DOMAIN)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def proxies(config: Config) -> Row:
    """Whether the addresses that the blog counts and notes are those of the people."""
    title = "Proxies"
    wide = [str(network) for network in config.trusted_proxies if _is_wide(network)]
    if wide:
        meaning = f"Whoever comes from {', '.join(wide)} is believed, and can make up the address they come from."
        return mend(title, meaning, type_this=PROXIES)
    if config.edge and not config.trusted_proxies:
        return good(title, "Readers come straight to the blog. Nobody else is believed to be a proxy.")
    if config.domain and not config.trusted_proxies:
        meaning = "No proxy is trusted. If one does the HTTPS, all visitors look like it, and are slowed down as one."
        return look(title, meaning, type_this=PROXIES)
    known = ", ".join(map(str, config.trusted_proxies))
    meaning = f"Only {known} may say for whom they pass on a request." if known else "Nobody is believed to be a proxy."
    return good(title, meaning)


def _is_wide(network: Network) -> bool:
    return network.prefixlen < (8 if network.version == 4 else 32)


def second_factors(without: Sequence[str], setting: str) -> Row:
    """`without`: names of owners and editors who have a password alone."""
    title, names = "Second factors of owners and editors", _listed(without)
    if not without:
        return good(title, "All who can change everybody’s posts have a passkey or an authenticator app.")
    if setting == "editors":
        return look(title, f"Until they add one, they can do nothing but read here: {names}.", UNPROTECTED)
    meaning = f"Whoever finds out one password can change what everybody reads. Without: {names}."
    return mend(title, meaning, UNPROTECTED)


def second_factor_rule(setting: str) -> Row:
    """Whether the blog asks owners and editors for a second factor."""
    title = "Rule for second factors"
    if setting == "editors":
        return good(title, "Owners and editors can begin only when they have one.")
    return mend(title, "Everybody decides for themselves, owners and editors too.", SETTINGS)


def registration(setting: str) -> Row:
    """Who may make an account."""
    if setting == "open":
        meaning = "Anybody may make an account as a reader. Close it if you know all your readers."
        return look("Registration", meaning, SETTINGS)
    who = "whoever you invite" if setting == "invitation" else "nobody; you add people"
    return good("Registration", f"New accounts are made by {who}.")


def file_modes(config: Config) -> list[Row]:
    """One row for each file that other accounts of this computer can read or write; one good row where there is none.

    A file in a folder that others cannot enter is out of their reach whatever its own mode says, but for the keys:
    those are copied, and their mode with them.
    """
    closed = not _mode(config.data) & 0o011
    secret = (config.keys, config.keys / "secrets.key")
    others = (config.data / "homeport.db", config.data / "jobs.db", config.data / "homeport.toml")
    open_to_all = [path for path in (config.data, *secret) if _mode(path) & 0o077]
    open_to_all += [] if closed else [path for path in others if _mode(path) & 0o066]
    if not open_to_all:
        return [good("Files", "Only the account that runs the blog can read its database and keys.")]
    return [_too_open(path) for path in open_to_all]


def _too_open(path: Path) -> Row:
    mode = "700" if path.is_dir() else "600"
    meaning = "Other accounts of this computer can reach it."
    return mend(f"Rights of {path.name}", meaning, type_this=f"chmod {mode} {shlex.quote(str(path))}")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0  # nobody can read what is not there


def mail(*, has_server: bool, failed: int) -> Row:
    """Whether mail goes out: people are told of changes by it."""
    if not has_server:
        meaning = "No mail server is set: nobody is told of changes to their account, or can ask for a new password."
        return look("Mail", meaning, type_this='smtp_url = "smtp://user:password@mail.example.com:587"')
    if failed:
        return look("Mail", f"{_number(failed, 'mail')} could not be delivered, or may not have been.", JOBS)
    return good("Mail", "A mail server is set, and it has taken every mail.")


def backup(config: Config) -> Row:
    """Nothing makes copies yet, so nothing knows how old the newest is: that is said."""
    meaning = (
        "How old your newest copy is, Homeport can’t know: this version makes none by itself. Stop the blog and copy "
        "the whole folder to another disk; docs/running.md says how, under “The folder”."
    )
    return look("Copies", meaning, type_this=f"cp -a {shlex.quote(str(config.data))} /another/disk/")


# The month after which a version of Python gets no more repairs (https://devguide.python.org/versions/).
PYTHON_ENDS = {(3, 11): (2027, 10), (3, 12): (2028, 10), (3, 13): (2029, 10), (3, 14): (2030, 10), (3, 15): (2031, 10)}


def python(version: tuple[int, int, int], today: date) -> Row:
    """Whether Python itself is still repaired."""
    name, ends = f"Python {'.'.join(map(str, version))}", PYTHON_ENDS.get(version[:2])
    if ends is None:
        return good(name, "Newer than this Homeport, which does not know until when it is repaired.")
    year, month = ends
    if (today.year, today.month) > ends:
        return mend(name, f"It has got no repairs since {year}. Set the blog up with a newer one.")
    if year * 12 + month - (today.year * 12 + today.month) <= 6:
        return look(name, f"It gets repairs until the autumn of {year}. Plan for a newer one.")
    return good(name, f"It gets repairs until {year}.")


def database(name: str, *, present: str | None, newest: str) -> Row:
    """`present` and `newest`: the schema that the database has, and that this version wants."""
    if present == newest:
        return good(name, f"The schema is up to date ({newest}).")
    meaning = (
        f"Its schema is {present or 'unknown'}, this version wants {newest}. Stop the blog, copy the folder, upgrade."
    )
    return mend(name, meaning, type_this="homeport db upgrade")


def version(number: str) -> Row:
    """Which Homeport this is; nothing here asks the network whether there is a newer one."""
    meaning = "It does not look for newer versions by itself; CHANGELOG.md tells what each brings."
    return good(f"Homeport {number}", meaning)


def worker(*, is_alive: bool) -> Row:
    """Whether the work behind the pages is done."""
    if is_alive:
        return good("Worker", "Mail, scheduled posts and the daily clean-up are being done.")
    meaning = "The worker has given no sign of life for half a minute: no mail goes out, and nothing old is deleted."
    return mend("Worker", meaning, JOBS, type_this="homeport serve")


GIGABYTE = 1024**3


def disk(free: int, least: int) -> Row:
    """`free` bytes on the disk of the data; below `least` the next post may not fit."""
    title, shown = "Disk", f"{free / GIGABYTE:,.1f} GB are free."
    if free < least:
        return mend(title, f"{shown} A full disk takes no post, no login and no backup. Make room.")
    if free < GIGABYTE:
        return look(title, f"{shown} Make room before it is full: then nothing can be saved.")
    return good(title, shown)


def audit_log(*, checked: str, faults: Sequence[str]) -> Row:
    """`checked`: when the chain was followed last, in words, "" for never; `faults`: what it found."""
    title = "Audit log"
    if not checked:
        return look(title, "Nobody has looked yet whether it is whole; the worker does so once a day.", CHECK_AUDIT)
    if faults:
        return mend(title, f"It is not as it was written: {faults[0]}", CHECK_AUDIT)
    return good(title, f"It was whole when it was checked last, {checked}.", AUDIT)


def people(waiting: int, suspended: int) -> list[Row]:
    """Accounts that nobody uses: each is a door less to watch when it is gone."""
    rows = []
    if waiting:
        meaning = f"{_number(waiting, 'person')} can’t log in yet. Is each still expected?"
        rows.append(look("Accounts that wait", meaning, WAITING))
    if suspended:
        meaning = f"{_number(suspended, 'person')} can’t log in until you let them."
        rows.append(look("Suspended accounts", meaning, SUSPENDED))
    return rows or [good("Accounts", "Everybody has chosen how to log in, and nobody is suspended.")]


def recovery_codes(few: Sequence[tuple[str, int]], me: str) -> Row:
    """`few`: owners with hardly any recovery codes, and how many; `me`: the name of who looks at the page."""
    title = "Recovery codes of the owners"
    if not few:
        return good(title, "Every owner with a second factor can still get in when it is lost.")
    who = _listed([f"{name} ({left} left)" for name, left in few])
    mine = MINE if any(name == me for name, _left in few) else None
    return look(title, f"Who loses the second factor needs one of them. Nearly out: {who}.", mine)


def unknown(title: str) -> Row:
    """Where the answer could not be got."""
    return look(title, "This could not be found out just now; the log says why.")


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _number(count: int, one: str) -> str:
    many = {"person": "people"}.get(one, f"{one}s")
    return f"{count:,} {one if count == 1 else many}"
