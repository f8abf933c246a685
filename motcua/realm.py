"""``motcua identity …``: what an operator does with Keycloak. Secrets come from files and the environment only.

python-keycloak is heavy, so each command imports it when it runs.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from motcua.preflight import CannotStart

app = typer.Typer(no_args_is_help=True, help="The sign-in realm in Keycloak.")

ADMIN_PASSWORD = "MOTCUA_KEYCLOAK_ADMIN_PASSWORD"
GATEWAY_SECRET = "MOTCUA_GATEWAY_CLIENT_SECRET"

Url = Annotated[str, typer.Option("--url", help="Keycloak's address as this machine reaches it.")]
Admin = Annotated[str, typer.Option("--admin", help=f"An administrator of realm master; password: {ADMIN_PASSWORD}.")]
PasswordFile = Annotated[Path | None, typer.Option("--admin-password-file", help="The administrator's password.")]
Realm = Annotated[str, typer.Option("--realm", help="The realm.")]


@app.command("bootstrap")
def bootstrap_realm(
    public_url: Annotated[list[str], typer.Option("--public-url", help="The portal's address; may be repeated.")],
    url: Url = "http://127.0.0.1:8080",
    browser_url: Annotated[str, typer.Option("--browser-url", help="Keycloak's address for browsers, if other.")] = "",
    admin: Admin = "admin",
    admin_password_file: PasswordFile = None,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help=f"The gateway's secret (made if missing); or {GATEWAY_SECRET}.")
    ] = None,
    realm: Realm = "motcua",
    vneid_realm: Annotated[str, typer.Option("--vneid-realm", help="The realm of the demo VNeID.")] = "vneid",
    demo: Annotated[bool, typer.Option("--demo", help="With the demo people, VNeID (demo) and motcua token.")] = False,
    passwords_file: Annotated[
        Path | None, typer.Option("--passwords-file", help="The demo people's passwords (made if missing).")
    ] = None,
) -> None:
    """Create or repair the realm; safe to repeat. Prints what was changed."""

    from motcua.keycloak import Plan, bootstrap

    def done() -> list[str]:
        if demo and passwords_file is None:
            raise CannotStart("Say where the demo people's passwords go: --passwords-file FILE")
        plan = Plan(
            url=url,
            admin=admin,
            admin_password=_password(admin_password_file),
            browser_url=browser_url,
            public_urls=tuple(public_url),
            gateway_secret=_gateway_secret(secret_file),
            realm=realm,
            vneid_realm=vneid_realm,
            people=passwords_file if demo else None,
        )
        said = bootstrap(plan) or ["Nothing had to be changed."]
        return [*said, f"The demo people's passwords are in {passwords_file}"] if demo else said

    _say(done)


@app.command("rotate")
def rotate_keys(
    url: Url = "http://127.0.0.1:8080",
    admin: Admin = "admin",
    admin_password_file: PasswordFile = None,
    realm: Realm = "motcua",
) -> None:
    """Sign with a new key from now on; the old one goes on checking what it signed."""
    from kernel.auth_keycloak import Administration
    from motcua.keycloak import rotate

    _say(lambda: rotate(Administration(url, user=admin, password=_password(admin_password_file)), realm))


@app.command("retire")
def retire_keys(
    url: Url = "http://127.0.0.1:8080",
    admin: Admin = "admin",
    admin_password_file: PasswordFile = None,
    realm: Realm = "motcua",
) -> None:
    """Remove keys that no longer sign (12 hours after a rotation, or at once after a theft)."""
    from kernel.auth_keycloak import Administration
    from motcua.keycloak import retire

    _say(lambda: retire(Administration(url, user=admin, password=_password(admin_password_file)), realm))


@app.command("token")
def token(
    person: Annotated[str, typer.Option("--as", help="A demo person, for instance citizen-1.")],
    passwords_file: Annotated[Path, typer.Option("--passwords-file", help="What bootstrap wrote.")],
    url: Url = "http://127.0.0.1:8080",
    realm: Realm = "motcua",
) -> None:
    """Print a bearer token of a demo person, good for 12 hours."""

    from motcua.keycloak import keycloak_token

    def made() -> list[str]:
        try:
            return [keycloak_token(url, realm, person, passwords_file)]
        except (KeyError, OSError):
            raise CannotStart(f"There is no password of {person} in {passwords_file}.") from None

    _say(made)


def _password(file: Path | None) -> str:
    password = file.read_text().strip() if file else os.environ.get(ADMIN_PASSWORD, "")
    if not password:
        raise CannotStart(f"Give the administrator's password in {ADMIN_PASSWORD} or --admin-password-file.")
    return password


def _gateway_secret(file: Path | None) -> str:
    from motcua.keycloak.secrets import secret_in

    secret = os.environ.get(GATEWAY_SECRET, "") or (secret_in(file) if file else "")
    if len(secret) < 32:
        raise CannotStart(f"Give the gateway's secret (32 characters) in {GATEWAY_SECRET}, or --secret-file FILE.")
    return secret


def _say(work: Callable[[], list[str]]) -> None:
    from kernel.auth_keycloak import KeycloakRefused

    try:
        lines = work()
    except (CannotStart, KeycloakRefused, OSError) as sentence:
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None
    print("\n".join(lines) or "Nothing had to be changed.")
