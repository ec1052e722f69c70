"""The blog's account with a certificate authority: nothing but a key (RFC 8555, 7.3), made when it is first needed."""

from acme import client, errors, messages
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.https import secret_files
from homeport.https.edge import check_root

KEY = "account.pem"
ANSWER_SECONDS = 30


def open_account(config: Config) -> client.ClientV2:
    """Somebody to talk to the authority with, under the blog's key. Raises whatever `acme` raises, and Problem.

    An authority that knows the key says so and makes no second account (RFC 8555, 7.3.1), so nothing else is kept.
    """
    check_root(config)  # it may have gone since the start
    network = client.ClientNetwork(
        key=_key(config),
        alg=ES256,
        # Typed as bool there, and handed to `requests`, which takes the file of a root too.
        verify_ssl=config.https_acme_root or True,  # type: ignore[arg-type]
        user_agent="homeport",
        timeout=ANSWER_SECONDS,
    )
    talks = client.ClientV2(_directory(config, network), network)
    if talks.external_account_required():
        raise Problem(
            "This authority wants an account that was made with it before; choose another https_acme_directory.",
            code="authority_refused",
        )
    body = messages.NewRegistration(terms_of_service_agreed=True)
    try:
        talks.new_account(body)
    except errors.ConflictError as known:
        network.account = messages.RegistrationResource(body=body, uri=known.location)
    return talks


def _directory(config: Config, network: client.ClientNetwork) -> messages.Directory:
    try:
        return client.ClientV2.get_directory(config.https_acme_directory, network)
    except (AttributeError, TypeError) as error:  # JSON, and no object: `acme` does not look
        raise errors.ClientError("no directory") from error


def _key(config: Config) -> JWKEC:
    path = config.caddy_folder / KEY
    if not path.exists():
        secret_files.write(config.caddy_folder, {KEY: new_key()})
    return JWKEC(key=load_pem_private_key(path.read_bytes(), None))


def new_key() -> bytes:
    """A private key (ECDSA, P-256) as PEM."""
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
