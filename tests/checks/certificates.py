"""Certificates for the TLS tests: a root, intermediates, and servers of every sort, made anew each time."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "Issued", "make_authority", "write_server"]

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_with(self, password: str) -> bytes:
        """The key as PEM that a password opens."""
        locked = serialization.BestAvailableEncryption(password.encode())
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


@dataclass(frozen=True)
class Authority:
    root: Issued
    intermediate: Issued
    expired_intermediate: Issued


def issue(
    name: str, issuer: Issued | None, *, start: float = -10, end: float = 90, ca: bool = False, names: tuple[str, ...] = ()
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer or Issued(certificate=None, key=key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=start))
        .not_valid_after(NOW + timedelta(days=end))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
    )
    if ca:
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
    if names:
        listed = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(listed), critical=False)
    return Issued(builder.sign(signer.key, hashes.SHA256()), key)


def make_authority() -> Authority:
    root = issue("Test Root", None, start=-3650, end=3650, ca=True)
    intermediate = issue("Test Intermediate", root, start=-365, end=365, ca=True)
    return Authority(root, intermediate, issue("Old Intermediate", root, start=-365, end=-1, ca=True))


def write_server(folder: Path, server: Issued, *chain: Issued) -> Path:
    """The file that a TLS server loads: key, certificate, chain."""
    key = server.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{server.certificate.serial_number}.pem"
    file.write_bytes(b"".join([key, server.pem, *(issued.pem for issued in chain)]))
    return file
