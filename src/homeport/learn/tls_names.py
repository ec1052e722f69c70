"""What the numbers in TLS are called (https://www.iana.org/assignments/tls-parameters), and what some are for.

Only what is met here; for any other number the page shows the number.
"""

VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}

MESSAGES = {
    1: "ClientHello",
    2: "ServerHello",
    4: "NewSessionTicket",
    5: "EndOfEarlyData",
    8: "EncryptedExtensions",
    11: "Certificate",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    14: "ServerHelloDone",
    15: "CertificateVerify",
    16: "ClientKeyExchange",
    20: "Finished",
    24: "KeyUpdate",
}

SUITES = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    0x00FF: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
}

GROUPS = {
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    29: "x25519",
    30: "x448",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
}

SIGNATURES = {
    0x0401: "rsa_pkcs1_sha256",
    0x0501: "rsa_pkcs1_sha384",
    0x0601: "rsa_pkcs1_sha512",
    0x0403: "ecdsa_secp256r1_sha256",
    0x0503: "ecdsa_secp384r1_sha384",
    0x0603: "ecdsa_secp521r1_sha512",
    0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384",
    0x0806: "rsa_pss_rsae_sha512",
    0x0807: "ed25519",
    0x0808: "ed448",
    0x0809: "rsa_pss_pss_sha256",
    0x080A: "rsa_pss_pss_sha384",
    0x080B: "rsa_pss_pss_sha512",
}

EXTENSIONS: dict[int, tuple[str, str, str]] = {
    0: (
        "server_name",
        "Which site is wanted: one address can serve many. Readable to all.",
        "RFC 6066, 3",
    ),
    5: ("status_request", "Please prove that the certificate was not taken back.", "RFC 6066, 8"),
    10: ("supported_groups", "The kinds of key exchange that this side can do.", "RFC 8446, 4.2.7"),
    11: ("ec_point_formats", "A relic: how points of curves are written, for TLS 1.2.", "RFC 8422, 5.1.2"),
    13: ("signature_algorithms", "The kinds of signature that this side can check.", "RFC 8446, 4.2.3"),
    16: ("application_layer_protocol_negotiation", "Which protocol is spoken inside.", "RFC 7301"),
    18: ("signed_certificate_timestamp", "Please show that the certificate is in public logs.", "RFC 6962, 3.3"),
    21: ("padding", "Zeros, to make the message longer.", "RFC 7685"),
    22: ("encrypt_then_mac", "A repair of older ciphers, for TLS 1.2.", "RFC 7366"),
    23: ("extended_master_secret", "A repair of the key derivation, for TLS 1.2.", "RFC 7627"),
    35: ("session_ticket", "Short cuts for coming back, for TLS 1.2.", "RFC 5077"),
    41: ("pre_shared_key", "A key from an earlier visit.", "RFC 8446, 4.2.11"),
    43: ("supported_versions", "The versions of TLS that this side really means.", "RFC 8446, 4.2.1"),
    44: ("cookie", "What the server wants to see again.", "RFC 8446, 4.2.2"),
    45: ("psk_key_exchange_modes", "How a key from an earlier visit may be used.", "RFC 8446, 4.2.9"),
    49: ("post_handshake_auth", "This side can show a certificate later, if it is asked.", "RFC 8446, 4.2.6"),
    50: ("signature_algorithms_cert", "The kinds of signature in certificates.", "RFC 8446, 4.2.3"),
    51: ("key_share", "This side's public half of the key exchange.", "RFC 8446, 4.2.8"),
    65037: ("encrypted_client_hello", "A hidden ClientHello, or noise that looks like one.", "RFC 9849"),
    65281: ("renegotiation_info", "A repair of renegotiation, for TLS 1.2.", "RFC 5746"),
}

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    80: "internal_error",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}


def is_grease(number: int) -> bool:
    """Whether a browser threw this number in to keep servers used to numbers that they do not know (RFC 8701)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def name(table: dict[int, str], number: int) -> str:
    """What a number is called; itself in hexadecimal where that is not known here."""
    return "GREASE (noise)" if is_grease(number) else table.get(number, f"0x{number:04x}")
