"""A mail's text, subject and names come from people; none of them may add a header or a recipient."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeport.core import mail

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
CONTENT_HEADERS = {"Content-Type", "Content-Transfer-Encoding"}


def _headers_of(sender: str = "blog@example.com", subject: str = "Hello", text: str = "text") -> set[str]:
    message = mail.build(sender, "reader@example.com", subject, text, message_id="<1@example.com>", date=NOON)
    parsed = message_from_bytes(message.as_bytes(), policy=SMTP)
    assert parsed["To"] == "reader@example.com"
    return set(parsed.keys())


@pytest.mark.parametrize(
    "evil",
    ["a\r\nBcc: thief@example.com", "a\nBcc: x@example.com", "a\rBcc: x@example.com", "a\u2028Bcc: x", "a\x00b\x85c"],
)
def test_line_breaks_in_subject_and_sender_add_no_header(evil: str) -> None:
    assert _headers_of(subject=evil) == HEADERS | CONTENT_HEADERS
    assert _headers_of(sender=f'"{evil}" <blog@example.com>') == HEADERS | CONTENT_HEADERS


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_subject_or_text_adds_a_header(subject: str, text: str) -> None:
    subject, text = (value.encode(errors="ignore").decode() for value in (subject, text))
    assert _headers_of(subject=subject, text=text) == HEADERS | CONTENT_HEADERS


@pytest.mark.parametrize(
    "evil",
    [
        "reader@example.com\r\nBcc: thief@example.com",
        "reader@example.com, thief@example.com",
        "reader@example.com thief@example.com",
        "<reader@example.com>",
        '"a b"@example.com',
        "reader@example.com>\r\nRCPT TO:<thief@example.com",
        "reader",
        "@example.com",
        "reader@",
        "reader@exa mple.com",
        "reader@@example.com",
        "",
    ],
)
def test_what_is_not_one_plain_address_is_refused(evil: str) -> None:
    with pytest.raises(ValueError, match=r"address|host name"):
        mail.build("blog@example.com", evil, "Hello", "text", message_id="<1@example.com>", date=NOON)


def test_name_in_another_script_and_domain_with_umlauts_can_be_written_to() -> None:
    message = mail.build(
        "Zoë 日本 <blog@bücher.example>",
        "reader@münchen.example",
        "Grüße",
        "Schöne Grüße, 日本",
        message_id="<1@example.com>",
        date=NOON,
    )
    raw = message.as_bytes()
    assert raw.isascii()
    parsed = message_from_bytes(raw, policy=SMTP)
    assert parsed["To"] == "reader@xn--mnchen-3ya.example"
    assert parsed["From"] == "Zoë 日本 <blog@xn--bcher-kva.example>"
    assert parsed["Subject"] == "Grüße"
    assert parsed.get_content() == "Schöne Grüße, 日本\r\n"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", mail.Server("mail.example.com", 587)),
        ("smtps://mail.example.com", mail.Server("mail.example.com", 465, tls=True)),
        ("smtp://o%40x:p%2Fw@mail.example.com:25", mail.Server("mail.example.com", 25, "o@x", "p/w")),
    ],
)
def test_mail_servers_address_is_read(url: str, expected: mail.Server) -> None:
    assert mail.server_of(url) == expected


@pytest.mark.parametrize(
    "url", ["smtp://", "http://mail.example.com", "smtp://mail.example.com:port", "mail.example.com"]
)
def test_address_that_names_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        mail.server_of(url)
