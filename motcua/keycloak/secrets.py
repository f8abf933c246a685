"""Secrets that are made up here live in files of mode 600, at places that the caller names."""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from kernel.auth_keycloak import password_token
from motcua.identity.people import PEOPLE
from motcua.keycloak.wanted import TOKEN_CLIENT


def keycloak_token(url: str, realm: str, person: str, passwords_file: Path) -> str:
    """Return a bearer token of a demo person, good for 12 hours.

    ``url`` is Keycloak's address without the realm. Raises ``KeyError`` for an unknown person and ``KeycloakRefused``.
    """
    password = json.loads(passwords_file.read_text())[person]
    return password_token(url, realm=realm, client=TOKEN_CLIENT, user=person, password=password)


def passwords(file: Path) -> dict[str, str]:
    """Return a password for each demo person; those that ``file`` lacks are made up and written to it."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [person.key for person in PEOPLE if person.key not in known]
    if missing:
        known |= {key: secrets.token_urlsafe(15) for key in missing}
        write_private(file, json.dumps(known, indent=1) + "\n")
    return known


def secret_in(file: Path) -> str:
    """Return the secret in ``file``; made up and written if there is none."""
    if file.exists():
        return file.read_text().strip()
    made = secrets.token_urlsafe(32)
    write_private(file, made)
    return made


def derived(secret: str, purpose: str) -> str:
    """Return another secret that whoever has the first can always make again."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def write_private(file: Path, text: str) -> None:
    """Write ``file`` so that at no moment anybody else can read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    new.replace(file)
