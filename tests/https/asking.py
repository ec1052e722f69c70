"""Asking for a certificate from a computer in the lab, as the blog's worker does it."""

import json
import sys
from pathlib import Path

from homeport.learn.labs_names import KEY_NAME, KEY_SECRET
from tests.https.lab import INTERNET, Lab

OWN_SERVER = {
    "domain": "blog.example.com",
    "https_method": "dns",
    "https_dns_provider": "rfc2136",
    "https_dns_credentials": f"server={INTERNET} key_name={KEY_NAME} key_secret={KEY_SECRET}",
}
"""The settings of a blog that writes into the lab's own name server."""

_ASK = """
import json, os, sys, warnings
warnings.simplefilter("error")
from homeport.core.config import load
from homeport.core.errors import Problem
from homeport.https import dns01, renewals
config = load({}, os.environ)
try:
    signed = dns01.obtain(config, float(sys.argv[1]))
    renewals.keep(config, signed.key, signed.chain)
    print(json.dumps(["signed", ""]))
except Problem as problem:
    print(json.dumps([problem.code, problem.message]))
"""


def ask(it: Lab, data: Path, *, patience: float = 20, **settings: object) -> tuple[str, str]:
    """Ask once, from the home; "signed", or the code of the problem, and its sentence.

    `patience`: the seconds a record may take to be seen.
    """
    environ = it.environ(data=data, **{**OWN_SERVER, **settings})
    told = [f"{name}={value}" for name, value in environ.items()]
    done = it.home.run("env", *told, sys.executable, "-c", _ASK, str(patience))
    code, sentence = json.loads(done.stdout.splitlines()[-1])
    said = done.stdout + done.stderr
    for pair in str(environ["HOMEPORT_HTTPS_DNS_CREDENTIALS"]).split():
        name, _, value = pair.partition("=")
        assert name in {"server", "port", "key_name", "key_algorithm", "pdns_server"} or value not in said
    return code, sentence
