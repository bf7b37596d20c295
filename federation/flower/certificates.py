"""What proves who is who inside the tier: a CA of one evening, TLS for loopback, workers' keys.

All of it is made anew whenever the tier starts, without any program but this. The CA's own key is
never written: once the certificate of this start is signed nobody can sign another one.

It refuses to make certificates for names that other machines could use.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.files import OWNER_ONLY, write_whole

HOST = "127.0.0.1"
VALID = timedelta(days=365)
"""Longer than any tier runs; Flower reads certificates only when it starts."""


@dataclass(frozen=True, slots=True)
class WorkerKeys:
    """Files of one worker: its private key (P-384, OpenSSH), and the public half for the tier."""

    private: Path
    public: Path


@dataclass(frozen=True, slots=True)
class Papers:
    """Files, all readable by their owner alone. secret: shared by a server and its launcher."""

    authority: Path
    certificate: Path
    key: Path
    secret: Path
    workers: tuple[WorkerKeys, ...]


def issue(folder: Path, workers: int, now: datetime) -> Papers:
    """Write everything that a tier with so many workers needs. now: with a time zone."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    ca_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Antiphon tier")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    authority = (
        _certificate(ca_name, ca_name, ca_key.public_key(), ca_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(ca_key, SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address(HOST))]
    certificate = (
        _certificate(name, ca_name, server_key.public_key(), ca_key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, SHA256())
    )
    return Papers(
        _written(folder / "ca.crt", authority.public_bytes(Encoding.PEM)),
        _written(folder / "server.pem", certificate.public_bytes(Encoding.PEM)),
        _written(
            folder / "server.key",
            server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        ),
        _written(folder / "secret", secrets.token_bytes(32)),
        tuple(_worker(folder, number) for number in range(workers)),
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.CertificateBuilder:
    of_signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(of_signer, critical=False)  # Python 3.13 asks for both
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _worker(folder: Path, number: int) -> WorkerKeys:
    key = ec.generate_private_key(ec.SECP384R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return WorkerKeys(
        _written(folder / f"worker-{number}", private),
        _written(folder / f"worker-{number}.pub", public),
    )


def _written(path: Path, data: bytes) -> Path:
    write_whole(path, data, OWNER_ONLY)
    return path
