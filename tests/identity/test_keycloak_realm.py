"""The realm in a real Keycloak: made once, made again without a change, repaired after drift."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from kernel.auth_keycloak import Administration, KeycloakRefused
from motcua.cluster.engines import Keycloak
from motcua.identity import PEOPLE, subject_of
from motcua.keycloak import Plan, bootstrap, keycloak_token
from motcua.keycloak.converge import covers, merged
from motcua.realm import app
from tests.identity.conftest import PUBLIC, SECRET, Realm


def client_of(realm: Realm, name: str) -> dict[str, object]:
    found = realm.administration.read(f"/{realm.plan.realm}/clients?clientId={name}")
    client: dict[str, object] = found[0]
    return client


def test_a_second_run_changes_nothing(realm: Realm) -> None:
    assert realm.said[0] == f"{realm.plan.realm}: created the realm"
    assert bootstrap(realm.plan) == []


def test_whatever_drifted_is_brought_back(realm: Realm) -> None:
    at, admin = f"/{realm.plan.realm}", realm.administration
    gateway, citizen = client_of(realm, "motcua-gateway"), subject_of("citizen-1")
    scope = next(each for each in admin.read(f"{at}/client-scopes") if each["name"] == "motcua")
    mappers = f"{at}/client-scopes/{scope['id']}/protocol-mappers/models"
    profile = next(each for each in admin.read(f"{at}/client-scopes") if each["name"] == "profile")
    operator = admin.read(f"{at}/roles/operator")

    admin.write(at, admin.read(at) | {"bruteForceProtected": False, "accessTokenLifespan": 86_400})
    admin.write(
        f"{at}/clients/{gateway['id']}",
        gateway | {"redirectUris": ["*"], "directAccessGrantsEnabled": True, "secret": "another"},
    )
    admin.write(f"{at}/clients/{gateway['id']}/default-client-scopes/{profile['id']}", None)
    audience = next(each for each in admin.read(mappers) if each["name"] == "audience")
    admin.remove(f"{mappers}/{audience['id']}")
    admin.create(mappers, audience | {"id": None, "name": "leak"})
    admin.create(f"{at}/users/{citizen}/role-mappings/realm", [operator])
    admin.write(f"{at}/users/{citizen}", admin.read(f"{at}/users/{citizen}") | {"attributes": {"participant": ["H26"]}})
    admin.remove(f"{at}/users/{citizen}/federated-identity/vneid")
    admin.remove(f"{at}/identity-provider/instances/vneid")

    said = "\n".join(bootstrap(realm.plan))
    for repaired in (
        "repaired the realm",
        "repaired client motcua-gateway",
        "removed scope of motcua-gateway profile",
        "created claim audience",
        "removed claim leak",
        f"took operator from {citizen}",
        "repaired citizen-1",
        "created the broker",
        "linked citizen-1 to VNeID",
    ):
        assert repaired in said
    assert bootstrap(realm.plan) == []
    again = client_of(realm, "motcua-gateway")
    assert (again["redirectUris"], again["directAccessGrantsEnabled"], again["secret"]) == (
        [f"{PUBLIC}/auth/callback"],
        False,
        SECRET,
    )
    assert "attributes" not in admin.read(f"{at}/users/{citizen}")


def test_another_secret_reaches_the_gateways_client_and_the_broker(realm: Realm) -> None:
    changed = bootstrap(replace(realm.plan, gateway_secret=SECRET[::-1]))
    assert sorted(line.split(": ")[1] for line in changed) == [
        "repaired client motcua-broker",
        "repaired client motcua-gateway",
        "repaired the broker",
    ]
    assert len(bootstrap(realm.plan)) == 3


def test_passwords_are_made_once_and_nobody_else_can_read_them(realm: Realm) -> None:
    assert stat.S_IMODE(realm.people.stat().st_mode) == 0o600
    known = json.loads(realm.people.read_text())
    assert set(known) == {person.key for person in PEOPLE}
    assert min(map(len, known.values())) >= 16
    assert not any(password in line for line in realm.said for password in known.values())
    assert SECRET not in repr(realm.plan)


def test_keycloak_holds_nothing_personal(realm: Realm) -> None:
    users = realm.administration.read(f"/{realm.plan.realm}/users?briefRepresentation=false&max=100")
    assert {user["id"] for user in users} == {person.subject for person in PEOPLE}
    everything = json.dumps(users, ensure_ascii=False)
    for person in PEOPLE:
        assert person.name not in everything
        assert person.id_number not in everything
        assert person.email not in everything


def test_the_sign_in_page_is_vietnamese_or_english_and_offers_vneid(realm: Realm) -> None:
    query = (
        f"?client_id=motcua-gateway&response_type=code&scope=openid&state=s&nonce=n"
        f"&redirect_uri={PUBLIC}/auth/callback&code_challenge={'a' * 43}&code_challenge_method=S256"
    )
    address = f"{realm.issuer}/protocol/openid-connect/auth{query}"
    page = httpx.get(address)
    assert page.status_code == 200
    assert 'lang="vi"' in page.text
    assert "Đăng nhập" in page.text and "Mật khẩu" in page.text and "VNeID (BẢN DEMO)" in page.text
    assert "Sign in to" in httpx.get(f"{address}&ui_locales=en").text


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"redirect_uri": "https://evil.example/auth/callback"},
        {"redirect_uri": f"{PUBLIC}/auth/callback/../x"},
        {"redirect_uri": f"{PUBLIC}/auth/callback?x=1"},
        {"response_type": "token"},
        {"response_type": "id_token token"},
        {"client_id": "motcua-token"},
    ],
)
def test_only_a_code_with_s256_to_the_exact_address_is_given(realm: Realm, changes: dict[str, str]) -> None:
    good = {
        "client_id": "motcua-gateway",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "nonce": "n",
        "redirect_uri": f"{PUBLIC}/auth/callback",
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
    }
    address = f"{realm.issuer}/protocol/openid-connect/auth"
    assert httpx.get(address, params=good).status_code == 200
    asked = {name: value for name, value in (good | changes).items() if value}
    answer = httpx.get(address, params=asked)
    assert answer.status_code == 400 or "error=" in answer.headers.get("location", "")
    assert "kc-form-login" not in answer.text


def test_the_gateways_client_takes_no_password(realm: Realm) -> None:
    password = json.loads(realm.people.read_text())["citizen-1"]
    form = {"grant_type": "password", "username": "citizen-1", "password": password, "scope": "openid"}
    answer = httpx.post(
        f"{realm.issuer}/protocol/openid-connect/token", data=form, auth=("motcua-gateway", realm.plan.gateway_secret)
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_guessing_a_password_locks_the_account_for_a_while(realm: Realm, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"publisher-1": "guessed-wrongly-again"}))
    for _ in range(6):
        with pytest.raises(KeycloakRefused):
            keycloak_token(realm.plan.url, realm.plan.realm, "publisher-1", wrong)
    with pytest.raises(KeycloakRefused):
        realm.token("publisher-1")
    assert realm.token("auditor-1"), "others are not hindered"


def test_without_the_demo_there_is_no_password_for_a_token_and_nobody(realm: Realm) -> None:
    plan = replace(realm.plan, realm=f"{realm.plan.realm}-plain", people=None)
    said = bootstrap(plan)
    assert bootstrap(plan) == []
    assert not any("motcua-token" in line or "VNeID" in line for line in said)
    assert plan.administration().read(f"/{plan.realm}/users") == []
    stops = bootstrap(replace(realm.plan, people=None))
    assert stops == [f"{realm.plan.realm}: removed client motcua-token"], "a realm that stops being a demo"
    with pytest.raises(KeycloakRefused):
        realm.token()
    bootstrap(realm.plan)


def test_the_command_says_what_it_did_and_keeps_secrets_out_of_sight(
    keycloak: Keycloak, realm: Realm, tmp_path: Path
) -> None:
    name, secret = f"{realm.plan.realm}-cli", tmp_path / "secret"
    where = ["--url", keycloak.url, "--admin-password-file", str(keycloak.password_file)]
    what = ["--realm", name, "--public-url", PUBLIC, "--secret-file", str(secret)]
    first = CliRunner().invoke(app, ["bootstrap", *where, *what])
    assert first.exit_code == 0, first.output
    assert f"{name}: created the realm" in first.output
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert secret.read_text() not in first.output and keycloak.password not in first.output
    assert "Nothing had to be changed." in CliRunner().invoke(app, ["bootstrap", *where, *what]).output
    rotated = CliRunner().invoke(app, ["rotate", *where, "--realm", name])
    assert "motcua-es256-2 signs" in rotated.output
    assert "motcua-es256-1 is gone" in CliRunner().invoke(app, ["retire", *where, "--realm", name]).output
    assert "Nothing had to be changed." in CliRunner().invoke(app, ["bootstrap", *where, *what]).output
    asked = ["--url", keycloak.url, "--realm", realm.plan.realm, "--passwords-file", str(realm.people)]
    assert CliRunner().invoke(app, ["token", "--as", "citizen-1", *asked]).output.startswith("eyJ")
    assert CliRunner().invoke(app, ["token", "--as", "nobody", *asked]).exit_code == 1


@pytest.mark.parametrize("arguments", [["--demo", "--secret-file", "S"], []])
def test_the_command_says_what_it_lacks(arguments: list[str], tmp_path: Path) -> None:
    given = [str(tmp_path / "s") if each == "S" else each for each in arguments]
    answer = CliRunner().invoke(app, ["bootstrap", "--public-url", PUBLIC, *given])
    assert answer.exit_code == 1
    assert answer.output.count("\n") == 1


def test_a_keycloak_that_is_away_or_another_password_is_one_sentence(keycloak: Keycloak, realm: Realm) -> None:
    with pytest.raises(KeycloakRefused, match="cannot be reached"):
        Administration("http://127.0.0.1:1", user="admin", password="x").read("/master")
    with pytest.raises(KeycloakRefused, match="does not know this administrator"):
        bootstrap(Plan(url=keycloak.url, admin_password="wrong", public_urls=(PUBLIC,), gateway_secret=SECRET))
    with pytest.raises(KeycloakRefused, match="cannot be reached"):
        keycloak_token("http://127.0.0.1:1", "motcua", "citizen-1", realm.people)


def test_what_is_more_than_wanted_counts_only_where_it_matters() -> None:
    assert covers({"a": "1", "b": 2}, {"a": "1"})
    assert not covers({"a": "1"}, {"a": "2"})
    assert covers({"l": ["x", "y"]}, {"l": ["y", "x"]})
    assert not covers({"l": ["x", "y"]}, {"l": ["x"]})
    assert covers({}, {"attributes": {"office": []}})
    assert not covers({"attributes": {"office": ["H26"]}}, {"attributes": {"office": []}})
    assert covers({"secret": "**********"}, {"secret": "s"})
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}
