"""Somebody whose router lets nothing in gets a certificate by a record in the domain, or learns why not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from homeport.core.config import Config
from homeport.https import certificates
from homeport.learn.labs_names import KEY_NAME, KEY_SECRET, Names
from tests.https.asking import ask
from tests.https.lab import DOMAIN, INTERNET, OUTSIDE, Lab, lab
from tests.https.powerdns import TOKEN, PowerDNS

ASKED_AT = f"_acme-challenge.{DOMAIN}"
NOBODY = "198.51.100.77"


@pytest.fixture
def it() -> Iterator[Lab]:
    with lab() as it:
        it.router.dropped = (80, 443)
        it.router.apply()
        yield it


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def texts(it: Lab, name: str = ASKED_AT) -> list[str]:
    """The TXT records that stand at a name."""
    found = it.internet.run("dig", "+short", "+norecurse", f"@{it.names.address}", name, "TXT").stdout
    return sorted(line for line in found.splitlines() if line.startswith('"'))


def own(**credentials: str) -> str:
    """The credentials of the own name server, with some of them others."""
    told = {"server": INTERNET, "key_name": KEY_NAME, "key_secret": KEY_SECRET, **credentials}
    return " ".join(f"{name}={value}" for name, value in told.items())


def shown_place(data: Path) -> Path:
    """Where the edge finds the certificate."""
    return certificates.place(Config(data=data, domain=DOMAIN, https_method="dns"))


def key_of(data: Path) -> bytes:
    return shown_place(data).with_suffix(".key").read_bytes()


def test_a_record_in_ones_own_name_server_brings_a_certificate(it: Lab, data: Path) -> None:
    it.names.set(ASKED_AT, "TXT", '"of somebody else"')
    assert ask(it, data) == ("signed", "")
    shown = x509.load_pem_x509_certificate(shown_place(data).read_bytes())
    covered = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert covered.get_values_for_type(x509.DNSName) == [DOMAIN]
    key = load_pem_private_key(key_of(data), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key.public_key() == shown.public_key()
    assert texts(it) == ['"of somebody else"'], "its record is gone, the other is not"

    assert oct((data / "caddy").stat().st_mode & 0o777) == "0o700"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (data / "caddy").rglob("*") if path.is_file()}
    names = ["account.pem", f"{DOMAIN}.key", f"{DOMAIN}.json", f"{DOMAIN}.crt"]
    assert modes == dict.fromkeys(names, "0o600")
    account, key_before = (data / "caddy/account.pem").read_bytes(), key_of(data)
    assert ask(it, data) == ("signed", "")
    assert key_of(data) != key_before, "each certificate has a key of its own"
    assert (data / "caddy/account.pem").read_bytes() == account, "and all of them one account"


def test_a_challenge_that_is_delegated_to_another_zone(it: Lab, data: Path) -> None:
    it.names.set(ASKED_AT, "CNAME", "blog.challenges.example.net.")
    assert ask(it, data) == ("signed", "")
    assert texts(it, "blog.challenges.example.net") == []

    it.names.set(ASKED_AT, "CNAME", "blog.example.org.")
    code, sentence = ask(it, data)
    assert code == "dns_refused"
    assert sentence == (
        f"The name server {INTERNET} does not keep the zone of blog.example.org. "
        f"{ASKED_AT} leads there by a CNAME record."
    )


@pytest.mark.parametrize(
    ("credentials", "code", "sentence"),
    [
        ({"key_name": "nobody"}, "dns_refused", "does not know the key nobody: look at key_name."),
        (
            {"key_secret": "d2V2ZW4gZ3JleSBoZXJvbnMgZmlzaGluZw=="},
            "dns_refused",
            f"has another key named {KEY_NAME}: look at key_secret and key_algorithm.",
        ),
        ({"server": NOBODY}, "dns_away", f"The name server {NOBODY} does not answer on port 53."),
        ({"port": "54"}, "dns_away", f"The name server {INTERNET} does not answer on port 54."),
        ({"server": "ns.example.com"}, "signed", ""),
        (
            {"server": "nowhere.example.com"},
            "dns_away",
            "nowhere.example.com has no address in the DNS: look at server.",
        ),
    ],
)
def test_a_name_server_that_refuses_or_is_silent(
    it: Lab, data: Path, credentials: dict[str, str], code: str, sentence: str
) -> None:
    found, said = ask(it, data, https_dns_credentials=own(**credentials))
    assert (found, said.endswith(sentence)) == (code, True), said
    assert texts(it) == []


def test_a_record_that_does_not_show_up_everywhere(it: Lab, data: Path) -> None:
    second = Names(it.router.host, it.folder / "second", OUTSIDE)
    second.start({DOMAIN: OUTSIDE})
    it.names.set("ns2.example.com", "A", OUTSIDE)
    it.names.set("example.com", "NS", "ns.example.com.", "ns2.example.com.")
    code, sentence = ask(it, data, patience=2)
    assert code == "dns_not_seen"
    assert sentence.startswith(
        f"1 of 2 name servers of example.com did not show the record {ASKED_AT} within 2 seconds."
    )
    assert texts(it) == [], "the record is taken away when it was of no use too"

    second.stop()  # one that answers nobody is nobody's evidence
    assert ask(it, data) == ("signed", "")


def test_an_authority_that_is_away_or_refuses(it: Lab, data: Path) -> None:
    away = ("authority_away", "The certificate authority ca.example.net does not answer.")
    refusing = it.authority
    refusing.stop()
    assert ask(it, data) == away
    refusing.refuses.append(DOMAIN)
    refusing.start()
    code, sentence = ask(it, data)
    assert code == "authority_refused"
    assert sentence.startswith("The certificate authority ca.example.net refused: ")
    code, sentence = ask(it, data, https_acme_root="")
    assert code == "authority_away"
    assert "shows a certificate that this machine does not trust; see https_acme_root" in sentence
    code, sentence = ask(it, data, https_acme_directory="https://ca.example.net:15000/roots/0")
    assert (code, "not ACME" in sentence) == ("authority_away", True)
    assert texts(it) == []


def test_the_record_of_a_worker_that_was_killed_is_taken_away_later(it: Lab, data: Path) -> None:
    it.names.set(ASKED_AT, "TXT", '"left"')
    (data / "caddy").mkdir(parents=True)
    (data / "caddy/challenge.json").write_text(json.dumps(["example.com", ASKED_AT, "left"]))
    assert ask(it, data) == ("signed", "")
    assert texts(it) == []
    assert not (data / "caddy/challenge.json").exists()


def test_a_provider_with_an_interface_for_programs(it: Lab, data: Path) -> None:
    it.names.stop()
    provider = PowerDNS(it.internet, it.folder / "powerdns", INTERNET)
    provider.start()
    provider.serve("example.com", {DOMAIN: OUTSIDE})
    provider.serve("example.net", {"ca.example.net": INTERNET})
    provider.put("example.com", ASKED_AT, "TXT", '"of somebody else"')
    told = f"pdns_server={provider.url} auth_token="

    def try_with(credentials: str) -> tuple[str, str]:
        return ask(it, data, https_dns_provider="powerdns", https_dns_credentials=credentials)

    assert try_with(told + TOKEN) == ("signed", "")
    assert provider.records("example.com", ASKED_AT, "TXT") == ['"of somebody else"']

    code, sentence = try_with(told + "seven-black-herons")
    assert code == "dns_refused"
    assert sentence == (
        "The DNS provider powerdns did not change the zone example.com (HTTP 401). "
        "Are the credentials right, and may they change this zone?"
    )
    silent = f"pdns_server=http://{INTERNET}:8082 auth_token={TOKEN}"
    assert try_with(silent) == ("dns_away", "The DNS provider powerdns does not answer.")
