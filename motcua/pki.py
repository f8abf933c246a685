"""The local certificate authority: made on first run, signs the exchange's and the participants' certificates.

ECDSA P-256 throughout. A participant's certificate carries its id (``H26``) as common name and may only be used as a
client's; the exchange's may only be used as a server's. Keys are readable by the owner alone.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kernel.clock import real_now

AUTHORITY_VALID = timedelta(days=3650)
LEAF_VALID = timedelta(days=825)
RENEW_BEFORE = timedelta(days=30)
SERVER_NAMES = ("localhost", "exchange", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Certified:
    """A key with its certificate and the authority that signed it, all PEM."""

    certificate: bytes
    key: bytes = field(repr=False)
    authority: bytes = field(repr=False)

    def server_credentials(self) -> grpc.ServerCredentials:
        """Return mutual TLS for a server: only clients of the same authority get in."""
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)], root_certificates=self.authority, require_client_auth=True
        )

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return mutual TLS for a client."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.authority, private_key=self.key, certificate_chain=self.certificate
        )


class Authority:
    """A certificate authority in a folder: ``ca.pem``, ``ca.key`` and one pair of files for each name it certified."""

    def __init__(self, folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._folder = folder
        self._certificate = certificate
        self._key = key
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def open(cls, folder: Path) -> "Authority":
        """Return the authority of ``folder``; make it if there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "ca.pem").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _write(folder / "ca.key", _key_pem(key))
            _write(folder / "ca.pem", _self_signed(key).public_bytes(serialization.Encoding.PEM))
        loaded = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{folder / 'ca.key'} is not an elliptic-curve key")
        return cls(folder, x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()), loaded)

    def server_certificate(self, names: Sequence[str] = SERVER_NAMES) -> Certified:
        """Return the exchange's certificate for ``names`` (host names and addresses)."""
        return self._certified("exchange", ExtendedKeyUsageOID.SERVER_AUTH, names)

    def participant_certificate(self, participant: str) -> Certified:
        """Return the certificate of ``participant`` (``H26``)."""
        return self._certified(participant, ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def sign(self, request: bytes, participant: str) -> bytes:
        """Sign a PEM certificate request of ``participant``; its subject must name just that. Returns PEM.

        Raises ``ValueError`` for a request that cannot be read, names somebody else or is not signed by its key.
        """
        asked = x509.load_pem_x509_csr(request)
        names = [item.value for item in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if names != [participant] or not asked.is_signature_valid:
            raise ValueError("the request does not name the participant that sends it")
        public = asked.public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise ValueError("only elliptic-curve keys are signed")
        return self._signed(participant, public, ExtendedKeyUsageOID.CLIENT_AUTH, ()) + self.pem

    def _certified(self, name: str, usage: x509.ObjectIdentifier, names: Sequence[str]) -> Certified:
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        if not (certificate.exists() and key.exists() and self._is_current(certificate.read_bytes())):
            fresh = ec.generate_private_key(ec.SECP256R1())
            _write(key, _key_pem(fresh))
            _write(certificate, self._signed(name, fresh.public_key(), usage, names))
        return Certified(certificate.read_bytes(), key.read_bytes(), self.pem)

    def _is_current(self, pem: bytes) -> bool:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc > real_now() + RENEW_BEFORE

    def _signed(
        self, name: str, public: ec.EllipticCurvePublicKey, usage: x509.ObjectIdentifier, names: Sequence[str]
    ) -> bytes:
        builder = (
            _builder(name, self._certificate.subject, public, LEAF_VALID)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "motcua local authority")])
    return (
        _builder("motcua local authority", subject, key.public_key(), AUTHORITY_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, public: ec.EllipticCurvePublicKey, valid: timedelta
) -> x509.CertificateBuilder:
    now = real_now()
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + valid)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Write ``path`` whole or not at all, readable by the owner alone."""
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
