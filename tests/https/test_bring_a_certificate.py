"""The methods internal and files: a certificate of one's own, renewed by somebody else without a failed request."""

import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificate

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.https import queries, renewals
from tests.https.authority import make_certificate
from tests.https.blog import Answer, Blog, eventually, serving
from tests.https.doctoring import examine
from tests.https.lab import DOMAIN, lab
from tests.https.placed import at
from tests.https.test_serve_with_a_certificate_by_dns import BY_DNS, WRONG_KEY
from tests.patience import PATIENCE

HOME = f"https://{DOMAIN}/"


@contextmanager
def steady_readers(blog: Blog, number: int = 3, *, roots: Path | None = None) -> Iterator[list[Answer]]:
    """Readers who come all the time, each on a new connection; yields what they got."""
    got: list[Answer] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            got.append(blog.ask(HOME, roots=roots))

    threads = [threading.Thread(target=read) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def put(folder: Path, made: Path) -> None:
    """What a program that renews does: the key, then the certificate, each in one step."""
    for name in ("key.pem", "certificate.pem"):
        shutil.copy(made / name, folder / "new")
        (folder / "new").replace(folder / name)


def serial(blog: Blog) -> str:
    """The number of the certificate that readers are shown."""
    command = blog.lab.internet.command("openssl", "s_client", "-connect", f"{DOMAIN}:443", "-servername", DOMAIN)
    shown = subprocess.run(command, input="", capture_output=True, text=True, check=False).stdout
    read = ["openssl", "x509", "-noout", "-serial"]
    return subprocess.run(read, input=shown, capture_output=True, text=True, check=False).stdout


def made(folder: Path, *, days: int = 300) -> Path:
    folder.mkdir()
    make_certificate(folder, [DOMAIN], lasts=timedelta(days=days))
    return folder


def test_certificate_in_files_is_shown_and_its_successor_without_a_failed_request(tmp_path: Path) -> None:
    own = made(tmp_path / "own")
    files: dict[str, Any] = {"https_certificate": own / "certificate.pem", "https_key": own / "key.pem"}
    with lab() as it, serving(it, https_method="files", **files) as blog:
        assert blog.ask(HOME, roots=own / "root.pem").status == 200
        first = serial(blog)
        with steady_readers(blog) as got:
            for number in range(3):
                before = serial(blog)
                put(own, made(tmp_path / str(number)))
                eventually(lambda before=before: serial(blog) not in {before, ""}, "the new certificate")  # type: ignore[misc]  # mypy: a default of a lambda
        assert serial(blog) != first
        assert {answer.status for answer in got} == {200}, [answer for answer in got if answer.status != 200]


def by_files(blog: Blog, own: Path) -> Config:
    """The settings that a blog shows these files with."""
    files = {"https_certificate": str(own / "certificate.pem"), "https_key": str(own / "key.pem")}
    return at(Config(data=blog.data), https_method="files", **files)


def standing(config: Config) -> queries.Standing:
    """How the certificate stands by what is on the disk now."""
    queries._seen.clear()
    found = queries.standing(config, now())
    assert found is not None
    return found


def end(certificate: Path) -> datetime:
    return load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def test_half_a_pair_is_refused_and_readers_are_shown_the_old_one(tmp_path: Path) -> None:
    own = made(tmp_path / "own")
    shutil.copy(own / "certificate.pem", tmp_path / "first.pem")
    other = made(tmp_path / "other", days=200)
    files: dict[str, Any] = {"https_certificate": own / "certificate.pem", "https_key": own / "key.pem"}
    with lab() as it, serving(it, https_method="files", **files) as blog:
        first = serial(blog)
        shutil.copy(other / "certificate.pem", own / "certificate.pem")
        blog.wait_until_said("Caddy goes on with what it had")
        assert serial(blog) == first
        settings = by_files(blog, own)
        seen, ends = standing(settings), end(tmp_path / "first.pem")
        assert seen.certificate is not None
        assert seen.certificate.ends == ends, "the one that readers are shown, not the one that lies there"
        assert "is refused (" in seen.refused
        assert "private key does not match public key" in seen.refused
        assert "refused (" in examine(it, data=blog.data, https_method="files", **files)["certificate"]["meaning"]
        blog.caddy().send_signal(signal.SIGKILL)
        eventually(lambda: serial(blog) == first, "the old one again after a crash")
        shutil.copy(other / "key.pem", own / "key.pem")
        eventually(lambda: serial(blog) not in {first, ""}, "the whole new pair")
        eventually(lambda: standing(settings).refused == "", "the end of the refusal")
        assert standing(settings).certificate != seen.certificate


def test_blog_that_is_started_with_half_a_pair_goes_on_with_what_it_had(tmp_path: Path) -> None:
    own, other = made(tmp_path / "own"), made(tmp_path / "other")
    files: dict[str, Any] = {"https_certificate": own / "certificate.pem", "https_key": own / "key.pem"}
    with lab() as it:
        with serving(it, https_method="files", **files) as blog:
            first = serial(blog)
            assert (blog.data / "caddy/shown.key").stat().st_mode & 0o777 == 0o600
        shutil.copy(other / "certificate.pem", own / "certificate.pem")
        with serving(it, https_method="files", **files) as blog:
            assert serial(blog) == first
            assert "private key does not match public key" in blog.said()
            shutil.copy(other / "key.pem", own / "key.pem")
            eventually(lambda: serial(blog) not in {first, ""}, "the whole new pair")
            eventually(lambda: standing(by_files(blog, own)).refused == "", "the end of the refusal")
        with serving(it, https_method="internal") as blog:
            eventually(lambda: not (blog.data / "caddy/shown.key").exists(), "no copy of a key that is not used")


def test_key_that_is_gone_is_told_and_readers_are_shown_the_old_one(tmp_path: Path) -> None:
    own = made(tmp_path / "own")
    files: dict[str, Any] = {"https_certificate": own / "certificate.pem", "https_key": own / "key.pem"}
    with lab() as it, serving(it, https_method="files", **files) as blog:
        first = serial(blog)
        settings = by_files(blog, own)
        (own / "key.pem").rename(own / "away.pem")
        eventually(lambda: "key.pem" in standing(settings).refused, "the refusal")
        assert serial(blog) == first
        (own / "away.pem").rename(own / "key.pem")
        eventually(lambda: standing(settings).refused == "", "the end of the refusal")


def test_links_that_lead_to_the_newest_files_are_followed_at_each_change(tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()

    def lead(folder: Path) -> None:  # as certbot does
        for name in ("key.pem", "certificate.pem"):
            (live / "new").symlink_to(folder / name)
            (live / "new").replace(live / name)

    lead(made(tmp_path / "1"))
    files: dict[str, Any] = {"https_certificate": live / "certificate.pem", "https_key": live / "key.pem"}
    with lab() as it, serving(it, https_method="files", **files) as blog:
        first = serial(blog)
        lead(made(tmp_path / "2"))
        eventually(lambda: serial(blog) not in {first, ""}, "the new certificate")


def test_own_authority_for_a_home_network_has_a_root_to_trust(tmp_path: Path) -> None:
    with lab() as it, serving(it, https_method="internal") as blog:
        root = blog.data / "caddy/pki/authorities/local/root.crt"
        eventually(lambda: blog.ask(HOME, roots=root).status == 200, "HTTPS that is trusted by that root")
        trusted = ["grep", "-rls", "Homeport", "/usr/local/share/ca-certificates"]
        assert subprocess.run(trusted, capture_output=True, check=False).stdout == b""


def test_certificate_of_the_method_dns_is_taken_when_it_comes(tmp_path: Path) -> None:
    refused = {**BY_DNS, "https_dns_credentials": WRONG_KEY}  # the blog itself gets none
    with lab() as it, serving(it, "--https-port", "8443", **refused) as blog:
        blog.wait_until_said("The certificate is being fetched")
        new = made(tmp_path / "new")
        key, chain = ((new / name).read_bytes() for name in ("key.pem", "certificate.pem"))
        renewals.keep(Config(data=blog.data, domain=DOMAIN, https_method="dns"), key, chain)
        blog.wait_until_said(f"The certificate has come: the blog is at https://{DOMAIN}:8443")
        command = ["--resolve", f"{DOMAIN}:8443:192.168.7.2"]
        ask = it.home.command("curl", "-s", "--cacert", str(new / "root.pem"), *command, f"https://{DOMAIN}:8443/")
        eventually(lambda: b"<title>" in subprocess.run(ask, capture_output=True, check=False).stdout, "HTTPS")


def test_the_end_fails_no_request() -> None:
    with lab() as it, serving(it, https_method="internal") as blog:
        eventually(lambda: blog.ask(HOME).status == 200, "HTTPS")
        with steady_readers(blog) as got:
            eventually(lambda: len(got) > 10, "answers")
            assert blog.stop() == 0
        # Who came after the end was refused; nobody was answered by half, or by an error.
        assert {answer.status for answer in got} <= {200, 0}
        assert {answer.error[:9] for answer in got if answer.status == 0} <= {"curl: (7)"}


def test_web_server_that_is_killed_loses_no_reader() -> None:
    with lab() as it, serving(it, https_method="internal") as blog:
        eventually(lambda: blog.ask(HOME).status == 200, "HTTPS")
        with steady_readers(blog) as got:
            for _ in range(2):
                seen = len(got)
                for process in blog.web_processes():
                    process.send_signal(signal.SIGKILL)
                eventually(lambda seen=seen: len(got) > seen + 10, "answers")  # type: ignore[misc]  # as above
        assert {answer.status for answer in got} == {200}
