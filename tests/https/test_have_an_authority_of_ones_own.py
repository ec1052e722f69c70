"""The owner has another authority than usual, and the doctor is told no more than the edge; or a name that nobody can
have."""

from pathlib import Path

import pytest

from homeport.core.config import Config
from homeport.https import authority
from tests.https.doctoring import command, examine, to_mend
from tests.https.lab import DOMAIN, Lab


def test_a_private_authority_tries_the_ports_itself(world: Lab) -> None:
    found = examine(world, https_acme_staging=Config.https_acme_staging)
    assert to_mend(found) == []
    assert "ca.example.net came through" in found["port_443_outside"]["meaning"]


@pytest.mark.parametrize(
    ("directory", "staging", "asked"),
    [
        ("", "", Config.https_acme_staging),
        ("https://ca.example.net/dir", "", "https://ca.example.net/dir"),
        ("https://ca.example.net/dir", "https://try.example.net/dir", "https://try.example.net/dir"),
        ("", "https://try.example.net/dir", "https://try.example.net/dir"),
    ],
)
def test_who_is_asked_to_try_the_ports(directory: str, staging: str, asked: str) -> None:
    config = Config(
        data=Path("/nowhere"),
        https_acme_directory=directory or Config.https_acme_directory,
        https_acme_staging=staging or Config.https_acme_staging,
    )
    assert authority.staging(config) == asked


def test_public_authorities_stay_trusted_beside_a_private_one(small_internet: Lab) -> None:
    usual = authority.trusting("").cert_store_stats()["x509_ca"]
    assert authority.trusting(str(small_internet.authority.root_file)).cert_store_stats()["x509_ca"] == usual + 1


def test_a_name_with_a_port_is_refused_in_the_words_of_serve(world: Lab) -> None:
    done = world.home.run(*command(world, domain=f"{DOMAIN}:8443"), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be without a port; set that with --https-port" in done.stderr
