"""The provider's signing key: ES256, made on first use, kept in ``DATA/identity/key.pem`` for its owner alone."""

import os
from pathlib import Path

from joserfc.jwk import ECKey, KeySet


def load_key(data: Path) -> ECKey:
    """Return the key of this data folder; make it if it is not there.

    Two processes that start at once agree: the file appears by one ``link``, and both read what is there.
    """
    folder = data / "identity"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "key.pem"
    if not path.exists():
        part = folder / f"key.{os.getpid()}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(ECKey.generate_key("P-256").as_pem(private=True))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    key = ECKey.import_key(path.read_bytes())
    return ECKey.import_key(key.as_pem(private=True), {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"})


def public_keys(key: ECKey) -> dict[str, object]:
    """Return the JWKS document of ``key``, public part only."""
    return dict(KeySet([key]).as_dict(private=False))
