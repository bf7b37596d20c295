"""The certificate of a server that was given none: made once, kept in its folder.

It is its own authority: a client that is to believe it gets the file `cert.pem` (and nothing else)
as its root. A server on the open net should be given a certificate that every machine believes.

It refuses to write over a certificate that is there: clients hold on to it.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.files import OWNER_ONLY, write_whole

ALWAYS = ("localhost", "127.0.0.1", "::1")
VALID = timedelta(days=825)
"""More is refused by some systems."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files. made: now, and not by somebody else."""

    certificate: Path
    key: Path
    made: bool = False


def own(folder: Path, names: Sequence[str], now: datetime) -> Certificate:
    """The certificate of this folder, made if it is not there. names: of hosts or addresses."""
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    if found.certificate.is_file() and found.key.is_file():
        return found
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Antiphon sharing")])
    every = dict.fromkeys([*ALWAYS, *names])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([_named(one) for one in every]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(found.key, private, OWNER_ONLY)
    write_whole(found.certificate, made.public_bytes(Encoding.PEM))
    return Certificate(found.certificate, found.key, made=True)


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
