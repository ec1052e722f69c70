"""Mail: building a message that nobody can smuggle a header into, and handing it to the mail server.

Handing over ends in one of four ways: done, refused for good, to be tried again, or unanswered. The last is the gap of
RFC 1047: the server had everything and its answer was lost, so the mail may or may not be on its way.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from threading import Timer
from urllib.parse import unquote, urlsplit

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")  # RFC 5322 dot-atom, near enough for SMTP
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _NotTaken(Exception):
    def __init__(self, reason: str, *, answered: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered
        """Whether the server itself said so, and may be asked something else."""


class Refused(_NotTaken):
    """The server said no for good (5yz)."""


class TryAgain(_NotTaken):
    """The server was not to be reached, or said no for now (4yz); it has not taken the message."""


class Unanswered(Exception):
    """The connection broke after the whole message was handed over (RFC 1047)."""


@dataclass(frozen=True)
class Server:
    """The mail server of the settings, and how patient to be with it."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    own_name: str = "localhost"
    seconds_per_answer: float = 30
    seconds_per_mail: float = 120

    @property
    def is_here(self) -> bool:
        """Whether the server is this very machine, so that nobody is in between to listen."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def server_of(url: str, own_name: str = "localhost") -> Server:
    """The server an address such as `smtp://user:password@host:587` or `smtps://host` names.

    `own_name` is what this machine calls itself to it. Raises ValueError where the address names no host or no port.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be an address such as smtp://user:password@host:587")
    tls = parts.scheme == "smtps"
    port = parts.port or (465 if tls else 587)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname, port, user, password, tls, own_name)


def one_line(text: str) -> str:
    """`text` on one line: what could end a header and begin another becomes a blank."""
    return _BREAKS.sub(" ", text).strip()


def check_address(address: str) -> str:
    """The address as SMTP takes it, its domain in ASCII. Raises ValueError for what is not one plain address."""
    local, at, domain = address.rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError("the part after the @ is not a host name") from None
    if not at or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ValueError("it is not an address of the form name@example.org")
    return f"{local}@{domain}"


def build(
    sender: str, to: str, subject: str, text: str, *, html: str | None = None, message_id: str, date: datetime
) -> EmailMessage:
    """A message from `sender` (`Name <address>` or an address) to one recipient, marked as automatic (RFC 3834).

    Raises ValueError for an address that can't be used. No argument can add a header: breaks in `subject` and in the
    sender's name become blanks, addresses with one are refused, and the message itself refuses any other.
    """
    name, address = parseaddr(one_line(sender))
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # not every server takes 8 bits
    message["From"] = Address(one_line(name), addr_spec=check_address(address))
    message["To"] = Address(addr_spec=check_address(to))
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


class Courier:
    """Hands mails over to one server, over one connection as long as it lasts; a context manager that closes it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> "Courier":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def is_connected(self) -> bool:
        """Whether the server still listens; after TryAgain that tells a server in trouble from a mail in trouble."""
        return self._smtp is not None

    def hand_over(self, message: EmailMessage) -> None:
        """Hand over one message. Raises Refused, TryAgain or Unanswered."""
        try:
            with _outcomes():
                self._smtp = self._smtp or _open(self._server)
                with _deadline(self._smtp, self._server):
                    _transfer(self._smtp, message)
        except (Refused, TryAgain) as error:
            if error.answered and self._smtp is not None:
                self._reset(self._smtp)
            else:
                self._close()
            raise
        except BaseException:
            self._close()
            raise

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            _expect(250, smtp.rset())
        except (OSError, smtplib.SMTPException):
            self._close()

    def _close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _transfer(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
    _expect(250, smtp.mail(sender))
    _expect(250, smtp.rcpt(to))
    _expect(354, smtp.docmd("DATA"))
    # A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
    smtp.send(re.sub(rb"(?m)^\.", b"..", message.as_bytes().rstrip(b"\r\n") + b"\r\n"))
    try:
        # From the end mark on, silence no longer means that the server has not taken it.
        smtp.send(b".\r\n")
        answer = smtp.getreply()
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise Unanswered(_words(error)) from None
    _expect(250, answer)


def _open(server: Server) -> smtplib.SMTP:
    patience, name = server.seconds_per_answer, server.own_name
    smtp = (
        smtplib.SMTP_SSL(timeout=patience, local_hostname=name, context=ssl.create_default_context())
        if server.tls
        else smtplib.SMTP(timeout=patience, local_hostname=name)
    )
    # Only the constructor sets the name that certificates are checked against, and then connects without a deadline.
    smtp._host = server.host  # type: ignore[attr-defined]
    try:
        with _deadline(smtp, server), _outcomes():
            _expect(220, smtp.connect(server.host, server.port))
            _greet(smtp, server)
    except BaseException as error:
        smtp.close()
        # Whatever is wrong here, such as the password, is wrong with the settings and not with this mail.
        raise TryAgain(str(error)) if isinstance(error, Refused) else error from None
    return smtp


def _greet(smtp: smtplib.SMTP, server: Server) -> None:
    smtp.ehlo_or_helo_if_needed()
    if not server.tls and not server.is_here:
        if smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        elif server.user:
            raise TryAgain("the mail server offers no encryption (STARTTLS), so the password was not sent")
    if server.user:
        smtp.login(server.user, server.password)


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)


@contextmanager
def _deadline(smtp: smtplib.SMTP, server: Server) -> Iterator[None]:
    # A time-out per answer does not end a server that sends one byte now and then; hanging up on it does.
    timer = Timer(server.seconds_per_mail, _hang_up, [smtp])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(smtp: smtplib.SMTP) -> None:
    try:
        if smtp.sock is not None:
            smtp.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has hung up itself


@contextmanager
def _outcomes() -> Iterator[None]:
    """Turn the library's many errors into the outcomes."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        kind = Refused if 500 <= error.smtp_code < 600 else TryAgain
        said = f"the mail server said {error.smtp_code} {_words(error.smtp_error)}"
        raise kind(said, answered=error.smtp_code != 421) from None  # 421: "closing transmission channel"
    except (OSError, smtplib.SMTPException) as error:
        raise TryAgain(_words(error)) from None


def _words(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "the mail server did not answer in time"
    if isinstance(reason, smtplib.SMTPServerDisconnected):
        return "the mail server closed the connection"
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return one_line(text)[:300]
