"""Administering a Keycloak: the one place where python-keycloak is used. Blocking; never in a service's process.

Services need nothing of this: they check tokens with the published keys alone (``kernel.auth``).
"""

import json
from typing import Any

from keycloak import KeycloakAdmin, KeycloakOpenID
from keycloak.exceptions import (
    KeycloakAuthenticationError,
    KeycloakConnectionError,
    KeycloakError,
    KeycloakPostError,
)

SECONDS = 30


class KeycloakRefused(Exception):
    """Keycloak is away, or does not do what was asked. One sentence for the person at the terminal."""


class Administration:
    """The administration API of the Keycloak at ``url``, as one of its administrators (realm ``master``).

    Paths begin after ``/admin/realms``; an empty path is the collection of realms.
    """

    def __init__(self, url: str, *, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._admin = KeycloakAdmin(
            server_url=self.url, username=user, password=password, realm_name="master", timeout=SECONDS
        )

    def read(self, path: str) -> Any:
        """Return what is at ``path``, None if there is nothing. Raises ``KeycloakRefused``."""
        return self._asked("get", path, missing=True)

    def create(self, path: str, body: Any) -> None:
        """Add ``body`` to the collection at ``path``. Raises ``KeycloakRefused``."""
        self._asked("post", path, body)

    def write(self, path: str, body: Any) -> None:
        """Replace what is at ``path``. Raises ``KeycloakRefused``."""
        self._asked("put", path, body)

    def remove(self, path: str, body: Any = None) -> None:
        """Delete what is at ``path``; what is not there needs no deleting. Raises ``KeycloakRefused``."""
        self._asked("delete", path, body, missing=True)

    def _asked(self, method: str, path: str, body: Any = None, *, missing: bool = False) -> Any:
        address = "admin/realms" + path
        connection = self._admin.connection
        try:
            if method == "get":
                answer = connection.raw_get(address)
            else:
                call = getattr(connection, f"raw_{method}")
                answer = call(address, data=None if body is None else json.dumps(body))
        except KeycloakAuthenticationError:
            raise KeycloakRefused(f"Keycloak at {self.url} does not know this administrator.") from None
        except KeycloakConnectionError:
            raise KeycloakRefused(f"Keycloak at {self.url} cannot be reached.") from None
        except KeycloakError as error:
            raise KeycloakRefused(f"Keycloak at {self.url} refuses: {error}") from None
        if missing and answer.status_code == 404:
            return None
        if answer.status_code >= 400:
            raise KeycloakRefused(f"Keycloak answers {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json() if method == "get" else None


def password_token(url: str, *, realm: str, client: str, user: str, password: str) -> str:
    """Return an access token for ``user`` by the direct grant of ``client``. Raises ``KeycloakRefused``."""
    door = KeycloakOpenID(server_url=url.rstrip("/"), realm_name=realm, client_id=client, timeout=SECONDS)
    try:
        return str(door.token(username=user, password=password, scope="openid")["access_token"])
    except (KeycloakAuthenticationError, KeycloakPostError) as error:
        raise KeycloakRefused(f"Keycloak gives no token for {user}: {_reason(error)}") from None
    except KeycloakError:
        raise KeycloakRefused(f"Keycloak at {url} cannot be reached.") from None


def _reason(error: KeycloakError) -> str:
    try:
        return str(json.loads(error.response_body or b"{}").get("error_description", error.response_code))
    except ValueError:
        return str(error.response_code)
