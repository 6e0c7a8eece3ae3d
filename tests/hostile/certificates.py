"""Certificates made on the fly: a good one, and each kind of bad one."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
    encipher_only=False, decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Holder:
    """A name with its key: whom a certificate is for, or who signs it."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def x509_name(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])


class Authority:
    """An issuer of certificates; `pem` is what a client trusts."""

    def __init__(self, name: str = "Issuer of the tests") -> None:
        self._holder = _Holder(name)
        certificate = (
            _builder(self._holder, self._holder, days=1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .sign(self._holder.key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM)

    def context(self, host: str = "localhost", *, days: int = 1) -> ssl.SSLContext:
        """Return the TLS side of a server for a host; with `days` < 0 it has expired."""
        return _context(_Holder(host), self._holder, days=days)


def self_signed(host: str = "localhost") -> ssl.SSLContext:
    holder = _Holder(host)
    return _context(holder, holder, days=1)


@lru_cache(maxsize=1)
def authority() -> Authority:
    """Return the issuer that the fixture `trusted_issuer` makes this machine trust."""
    return Authority()


def _builder(subject: _Holder, issuer: _Holder, *, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    subject_key, issuer_key = subject.key.public_key(), issuer.key.public_key()
    # Python 3.13 refuses certificates that do not name both keys.
    subject_id = x509.SubjectKeyIdentifier.from_public_key(subject_key)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject.x509_name)
        .issuer_name(issuer.x509_name)
        .public_key(subject_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(subject_id, critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _context(subject: _Holder, issuer: _Holder, *, days: int) -> ssl.SSLContext:
    builder = _builder(subject, issuer, days=days)
    certificate = builder.add_extension(_names(subject.name), critical=False).sign(
        issuer.key, hashes.SHA256()
    )
    pem = certificate.public_bytes(Encoding.PEM)
    pem += subject.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"  # the standard library loads it from a file only
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _names(host: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(host)])
