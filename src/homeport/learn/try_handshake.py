"""The experiment of chapter 7: a real handshake of TLS, message by message."""

from homeport.core.config import Config
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.learn.limits import place
from homeport.learn.tls_meeting import Meeting, meet
from homeport.learn.tls_peers import AtHome, made_up
from homeport.learn.tls_story import story

MADE_UP = "blog.example.org"
SECRET = "made-up=nobody-may-read-this"  # noqa: S105 (it opens nothing)


@experiment("handshake", title="This site's handshake", button="Shake hands")
def handshake(_form: Fields, seen: Context) -> Outcome:
    """Everything that passes, what of it everybody can read, and the rest as this end reads it."""
    meeting, is_edge = shake_hands(seen.config)
    on_the_way = b"".join(flight.data for flight in meeting.flights)
    return "learn/experiments/handshake.html", {
        "meeting": meeting,
        "is_edge": is_edge,
        "has_edge": seen.config.edge,
        "port": seen.config.https_port,
        "steps": story(meeting.flights, meeting.secrets),
        "total": len(on_the_way),
        "secret": SECRET,
        "name_is_readable": meeting.name.encode() in on_the_way,
        "secret_is_readable": SECRET.encode() in on_the_way,
    }


def shake_hands(config: Config) -> tuple[Meeting, bool]:
    """A meeting with this machine's own edge, where it answers, else with a server in memory; and which it was."""
    if config.edge:
        try:
            with place():
                return meet(config.domain, lambda: AtHome(config.https_port), _request(config.domain)), True
        except OSError:  # it is being started, or has no certificate yet
            pass
    with made_up(MADE_UP) as peers:
        return meet(MADE_UP, peers, _request(MADE_UP)), False


def _request(host: str) -> bytes:
    lines = ("GET /healthz HTTP/1.1", f"Host: {host}", f"Cookie: {SECRET}", "Connection: close", "", "")
    return "\r\n".join(lines).encode()
