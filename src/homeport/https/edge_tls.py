"""What Caddy is told about certificates: which there are, where they come from, and how readers are spoken to."""

from typing import Any

from homeport.core.config import Config
from homeport.https.certificates import NOBODY, place

Json = dict[str, Any]

# Mozilla's "intermediate": TLS 1.3, and of TLS 1.2 what has forward secrecy and authenticated encryption.
# https://wiki.mozilla.org/Security/Server_Side_TLS
CIPHERS = [
    f"TLS_ECDHE_{signed}_WITH_{cipher}"
    for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
    for signed in ("ECDSA", "RSA")
]
CURVES = ["x25519mlkem768", "x25519", "secp256r1", "secp384r1"]

RENEW_INTERVAL = "5s"
"""How often Caddy looks whether a certificate has to be renewed; some authorities' last for minutes. It also
renews when fewer than five such intervals are left: with 10 s, one that lasts a minute would be renewed each time."""

TAG = "own"


def policies(config: Config, names: list[str]) -> list[Json]:
    """How connections are begun. One for another name, or for none, fails: there is nothing here to show it."""
    policy: Json = {
        "match": {"sni": names},
        "alpn": ["h2", "http/1.1"],
        "protocol_min": "tls1.2",
        "cipher_suites": CIPHERS,
        "curves": CURVES,
    }
    if config.https_method == "files":
        policy["certificate_selection"] = {"any_tag": [TAG]}
    return [policy]


def tls(config: Config, names: list[str], *, by_http: bool) -> Json:
    """The certificates. `by_http`: whether port 80 is answered here, so that the authority may ask there."""
    if config.https_method == "files":
        pair = {"certificate": config.https_certificate, "key": config.https_key}
        return {"certificates": {"load_files": [{**pair, "tags": [TAG]}]}}
    issuers = {"auto": _acme(config, by_http=by_http), "dns": [_nobody()], "internal": [{"module": "internal"}]}
    # Without a certificate by DNS Caddy would ask for one itself, and there is nobody to ask. The interval stands there
    # all the same: it is that of the first configuration, and a later one does not change it.
    is_there = config.https_method != "dns" or place(config).is_file()
    return {
        "certificates": {"automate": names} if is_there else {},
        "automation": {
            "policies": [{"subjects": names, "issuers": issuers[config.https_method]}],
            "renew_interval": RENEW_INTERVAL,
        },
    }


def _acme(config: Config, *, by_http: bool) -> list[Json]:
    """The authority (RFC 8555), asked for TLS-ALPN-01 (RFC 8737) on the port that has to reach us anyway, and only
    after that for HTTP-01 (RFC 8555, 8.3): Caddy itself would begin with either, and waits long for a port that is
    dropped."""
    off: Json = {"disabled": True}
    ways: list[Json] = [{"http": off, "tls-alpn": {"alternate_port": config.https_port}}]
    if by_http:
        ways.append({"http": {"alternate_port": config.http_port}, "tls-alpn": off})
    root = {"trusted_roots_pem_files": [config.https_acme_root]} if config.https_acme_root else {}
    return [{"module": "acme", "ca": config.https_acme_directory, "challenges": way, **root} for way in ways]


def _nobody() -> Json:
    """An authority that can't be asked: the worker does that, and puts into Caddy's folder what it gets. A new
    configuration with a new file would do too, but for that Caddy begins anew, and a reader in a thousand notices."""
    off: Json = {"disabled": True}
    return {"module": "acme", "ca": NOBODY, "challenges": {"http": off, "tls-alpn": off}}


def certificate_authority() -> Json:
    """Caddy's own, for the method internal. It stays out of this machine's list of trusted ones."""
    return {"certificate_authorities": {"local": {"name": "Homeport", "install_trust": False}}}
