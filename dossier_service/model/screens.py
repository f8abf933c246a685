"""The code of a second screen: typed from the helper's page, good for half an hour after the helper's last step."""

import hashlib
import secrets
from datetime import timedelta

from dossier_service.model.assisting import ALPHABET, normal_claim

LENGTH, GROUP = 10, 5
IDLE = timedelta(minutes=30)


def new_screen_code() -> str:
    """Return a fresh code in two groups of five: 49 bits, no letter that looks like a digit."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def digest_of_screen(code: str) -> bytes:
    """Return what is kept of a code, however it was typed."""
    return hashlib.sha256(b"screen " + normal_claim(code).encode()).digest()
