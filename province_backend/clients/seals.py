"""Demo seals: one authority for all offices, one key per office, made when first needed (EC P-256, ten years)."""

import os
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers import SimpleSigner

AUTHORITY = "Một Cửa: chứng thư ký thử (BẢN DEMO)"
YEARS = timedelta(days=3652)

_Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


@lru_cache(maxsize=128)
def seal_of(folder: Path, participant: str, name: str) -> SimpleSigner:
    """Return the signer of one office; makes the authority and the office's key on first use."""
    authority = _pair(folder / "demo-ca", AUTHORITY, None)
    _pair(folder / participant / "seal", f"{name} (BẢN DEMO)", authority)
    signer: SimpleSigner | None = SimpleSigner.load(  # type: ignore[no-untyped-call]  # pyHanko is half typed
        str(folder / participant / "seal.key"),
        str(folder / participant / "seal.pem"),
        ca_chain_files=(str(folder / "demo-ca.pem"),),
    )
    if signer is None:
        raise OSError("the office's seal cannot be read")
    return signer


def _pair(stem: Path, name: str, authority: _Pair | None) -> _Pair:
    key_path, certificate_path = stem.with_name(stem.name + ".key"), stem.with_name(stem.name + ".pem")
    if certificate_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise OSError("the seal's key is of another kind")
        return key, x509.load_pem_x509_certificate(certificate_path.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, name, authority)
    stem.parent.mkdir(parents=True, exist_ok=True)
    clear = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(key_path, key.private_bytes(*clear))
    _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


def _certificate(key: ec.EllipticCurvePrivateKey, name: str, authority: _Pair | None) -> x509.Certificate:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]
    )
    now = datetime.now(UTC)
    issuer_key, issuer = (key, subject) if authority is None else (authority[0], authority[1].subject)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=authority is not None,
                content_commitment=authority is not None,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority is None,
                crl_sign=authority is None,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
