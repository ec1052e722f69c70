"""`homeport serve --domain` gets the blog on HTTPS by whichever port reaches it, and stays up where none does."""

import pytest

from homeport.app import create_app
from homeport.core import csrf
from homeport.core.config import Config
from homeport.core.db import db
from tests.cast import make_cast, open_session
from tests.https.blog import Blog, eventually, serving
from tests.https.lab import DOMAIN, lab

PAGE = "/admin/https"
SENT_FROM_HERE = ("--request", "POST", "--header", "Sec-Fetch-Site: same-origin")


def test_port_80_is_blocked_and_the_blog_is_on_https_within_half_a_minute() -> None:
    with lab() as it:
        it.router.dropped = (80,)
        it.router.apply()
        with serving(it, ready=False) as blog:
            assert "<title>" in blog.wait_for_https(seconds=30).body
            assert f"Homeport is ready at https://{DOMAIN}" in blog.wait_until_said("Create the owner's account")
            assert "has come" not in blog.said()  # it was there before anybody could wait for it


def test_port_443_is_blocked_until_the_certificate_is_there() -> None:
    with lab() as it:
        it.router.dropped = (443,)
        it.router.apply()
        with serving(it) as blog:
            eventually(lambda: list(blog.data.glob(f"caddy/certificates/*/{DOMAIN}/{DOMAIN}.crt")), "a certificate")
            it.router.dropped = ()
            it.router.apply()
            blog.wait_for_https()


def test_both_ports_are_open_and_readers_are_led_to_https() -> None:
    with lab() as it, serving(it) as blog:
        blog.wait_for_https()
        led = blog.ask(f"http://{DOMAIN}/archive?page=2")
        assert (led.status, led.headers["location"]) == (308, f"https://{DOMAIN}/archive?page=2")


def test_both_ports_are_blocked_and_the_blog_says_so_and_answers_at_home() -> None:
    with lab() as it:
        it.router.dropped = (80, 443)
        it.router.apply()
        with serving(it) as blog:
            said = blog.wait_until_said("homeport doctor says what is in the way")
            assert "The certificate is being fetched; meanwhile the blog is at http://localhost:8000" in said
            assert blog.ask_at_home("/").status == 200
            session = the_owners(blog)
            eventually(lambda: "in vain" in blog.ask_at_home(PAGE, *session).body, "that a try has failed")
            edge = blog.caddy()
            it.router.dropped = (80,)  # somebody opens the router, and does not want to wait for the next try
            it.router.apply()
            assert blog.ask_at_home(f"{PAGE}/again", *session, *SENT_FROM_HERE).status == 303
            blog.wait_until_said("The certificate has come")
            blog.wait_for_https()
            assert blog.caddy() != edge, "it was tried by another start"


def the_owners(blog: Blog) -> tuple[str, ...]:
    """What curl says to be the owner, and the token that stands in her forms."""
    with create_app(Config(data=blog.data)).app_context():
        token = open_session(make_cast("").olga.id)
        db.engine.dispose()
    return "--cookie", f"__Host-sid={token}", "--header", f"X-CSRF-Token: {csrf.token(token)}"


@pytest.mark.parametrize("path", ["/", "/archive"])
def test_every_answer_says_how_long_it_is(path: str) -> None:
    with lab() as it, serving(it) as blog:
        blog.wait_for_https()
        plain = blog.ask(f"https://{DOMAIN}{path}")
        assert int(plain.headers["content-length"]) == len(plain.body.encode())
        packed = blog.ask(f"https://{DOMAIN}{path}", "-H", "Accept-Encoding: br")
        assert packed.headers["content-encoding"] == "br"
        assert "content-length" in packed.headers
