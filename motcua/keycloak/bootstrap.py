"""The order of the steps. Safe to repeat: a second run changes nothing, and whatever drifted is brought back."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from kernel.auth_keycloak import Administration
from motcua.identity.people import PEOPLE
from motcua.keycloak import wanted
from motcua.keycloak.converge import Converging
from motcua.keycloak.secrets import derived, passwords
from motcua.keycloak.wanted import Json

TEXTS = Path(__file__).with_name("texts.json")
TITLE = "Một Cửa"
VNEID_TITLE = "VNeID (BẢN DEMO)"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the realm is for, and as whom it is made.

    ``url`` is Keycloak's address as this machine (and Keycloak itself) reaches it, ``browser_url`` its address for
    browsers, if another. ``public_urls`` are the portal's addresses, ``gateway_secret`` is its client secret.
    ``people`` is the file of the demo people's passwords, made if missing; None = no demo: no people, no direct
    grant, no demo VNeID.
    """

    url: str
    admin_password: str = field(repr=False)
    public_urls: tuple[str, ...]
    gateway_secret: str = field(repr=False)
    people: Path | None = None
    browser_url: str = ""
    admin: str = "admin"
    realm: str = "motcua"
    vneid_realm: str = "vneid"

    def administration(self) -> Administration:
        """Return the administration of this Keycloak. Raises ``KeycloakRefused``."""
        return Administration(self.url, user=self.admin, password=self.admin_password)

    def address(self, realm: str) -> str:
        """Return the address of a realm for browsers: its issuer."""
        return f"{(self.browser_url or self.url).rstrip('/')}/realms/{realm}"


def bootstrap(plan: Plan) -> list[str]:
    """Bring Keycloak to the plan; return what was changed, in words. Raises ``KeycloakRefused``."""
    keycloak = plan.administration()
    done: list[str] = []
    ours = Converging(keycloak, plan.realm, done)
    _realm(keycloak, ours, wanted.realm(plan.realm, TITLE), wanted.profile(*wanted.WORKPLACE))
    for role in wanted.ROLES:
        ours.member("/roles", {"name": role}, key="name", kind="role")
    scope = _scope(ours, wanted.claims())
    _scoped_roles(ours, scope)
    _client(ours, _gateway(plan))
    if plan.people is None:
        _without(ours, wanted.TOKEN_CLIENT)
    else:
        _client(ours, wanted.for_programs())
        _demo(keycloak, ours, plan, passwords(plan.people))
    return done


def _realm(keycloak: Administration, one: Converging, realm: Json, profile: Json) -> None:
    if keycloak.read(one.at) is None:
        keycloak.create("", realm)
        one.done.append(f"{one.realm}: created the realm")
    one.one("", realm, "the realm")
    one.one("/users/profile", profile, "what is kept about people")
    path = "/components?type=org.keycloak.keys.KeyProvider"
    active = [each for each in one.read(path) if _signs(each)]
    if not active:
        one.create("/components", wanted.signing_key(1), "created a signing key")
    texts = json.loads(TEXTS.read_text())
    if one.read("/localization/vi") != texts:
        one.create("/localization/vi", texts, "wrote the Vietnamese texts")


def _signs(component: Json) -> bool:
    config: dict[str, list[str]] = component["config"]
    ours = component["providerId"] == "ecdsa-generated"
    return ours and all(config.get(name, ["true"]) == ["true"] for name in ("active", "enabled"))


def _scope(one: Converging, mappers: list[Json]) -> str:
    found = one.member("/client-scopes", wanted.scope(wanted.SCOPE), key="name", kind="scope")
    path = f"/client-scopes/{found['id']}/protocol-mappers/models"
    one.members(path, mappers, kind="claim")
    return str(found["id"])


def _scoped_roles(one: Converging, scope: str) -> None:
    """Only our roles reach tokens: the scope names them, and clients are not allowed everything."""
    path = f"/client-scopes/{scope}/scope-mappings/realm"
    there = {each["name"] for each in one.read(path) or []}
    missing = [one.read(f"/roles/{role}") for role in wanted.ROLES if role not in there]
    if missing:
        one.create(path, missing, "let our roles into tokens")


def _gateway(plan: Plan) -> Json:
    return wanted.confidential(
        wanted.GATEWAY_CLIENT,
        plan.gateway_secret,
        callbacks=[f"{url.rstrip('/')}/auth/callback" for url in plan.public_urls],
        after_logout=[f"{url.rstrip('/')}/" for url in plan.public_urls],
    )


def _client(one: Converging, client: Json) -> None:
    found = one.member("/clients", client, key="clientId", kind="client")
    path = f"/clients/{found['id']}"
    scopes = {each["name"]: each["id"] for each in one.read("/client-scopes")}
    kept = f"scope of {client['clientId']}"
    one.names(f"{path}/default-client-scopes", [wanted.SCOPE], kind=kept, change=scopes.__getitem__)
    one.names(f"{path}/optional-client-scopes", [], kind=kept, change=scopes.__getitem__)
    one.members(f"{path}/protocol-mappers/models", [], kind=f"claim of {client['clientId']}")


def _without(one: Converging, client: str) -> None:
    for found in one.read(f"/clients?clientId={client}"):
        one.remove(f"/clients/{found['id']}", f"removed client {client}")


def _demo(keycloak: Administration, ours: Converging, plan: Plan, secrets: dict[str, str]) -> None:
    vneid = Converging(keycloak, plan.vneid_realm, ours.done)
    secret = derived(plan.gateway_secret, f"{plan.realm} broker {plan.vneid_realm}")
    home = f"{plan.address(plan.realm)}/broker/{wanted.BROKER}/endpoint"
    _realm(keycloak, vneid, wanted.realm(plan.vneid_realm, VNEID_TITLE), wanted.profile("level"))
    _scope(vneid, wanted.level_claims())
    client = wanted.confidential(
        wanted.BROKER_CLIENT, secret, callbacks=[home], after_logout=[f"{home}/logout_response"]
    )
    _client(vneid, client)
    _people(vneid, [wanted.vneid_person(each) for each in PEOPLE], secrets)
    _broker(ours, plan, secret)
    _people(ours, [wanted.person(each) for each in PEOPLE], secrets)
    for each in PEOPLE:
        _roles(ours, each.subject, each.roles)
        _link(ours, each.subject, wanted.vneid_subject(each), each.key)


def _broker(ours: Converging, plan: Plan, secret: str) -> None:
    _first_sign_in(ours)
    inside = f"{plan.url.rstrip('/')}/realms/{plan.vneid_realm}"
    broker = wanted.broker(browser=plan.address(plan.vneid_realm), inside=inside, secret=secret)
    path = f"/identity-provider/instances/{wanted.BROKER}"
    if ours.read(path) is None:
        ours.create("/identity-provider/instances", broker, "created the broker")
    ours.one(path, broker, "the broker")
    ours.members(f"{path}/mappers", wanted.broker_mappers(), kind="claim of the broker")


def _first_sign_in(one: Converging) -> None:
    """Whoever comes from VNeID for the first time is known from then on; no page asks them anything."""
    flow, path = wanted.FIRST_SIGN_IN, f"/authentication/flows/{quote(wanted.FIRST_SIGN_IN)}/executions"
    about = {"alias": flow, "providerId": "basic-flow", "topLevel": True, "builtIn": False}
    if not any(each["alias"] == flow for each in one.read("/authentication/flows")):
        one.create("/authentication/flows", about, "created the first sign-in")
    step = "idp-create-user-if-unique"
    if not any(each["providerId"] == step for each in one.read(path)):
        one.create(f"{path}/execution", {"provider": step}, "gave the first sign-in its step")
    for found in one.read(path):
        if found["providerId"] != step:
            one.remove(f"/authentication/executions/{found['id']}", "removed a step of the first sign-in")
        elif found["requirement"] != "REQUIRED":
            one.write(path, found | {"requirement": "REQUIRED"}, "made the step of the first sign-in required")


def _people(one: Converging, people: list[Json], secrets: dict[str, str]) -> None:
    for each in people:
        path = f"/users/{each['id']}"
        if one.read(path) is None:  # only an import takes the id that is given
            imported = {"ifResourceExists": "FAIL", "users": [each]}
            one.create("/partialImport", imported, f"created {each['username']}")
        one.one(path, each, each["username"])
        if not any(credential["type"] == "password" for credential in one.read(f"{path}/credentials")):
            secret = {"type": "password", "value": secrets[each["username"]], "temporary": False}
            one.write(f"{path}/reset-password", secret, f"set a password for {each['username']}")


def _roles(one: Converging, subject: str, roles: tuple[str, ...]) -> None:
    path = f"/users/{subject}/role-mappings/realm"
    found = {each["name"]: each for each in one.read(path)}
    missing = [one.read(f"/roles/{role}") for role in roles if role not in found]
    if missing:
        one.create(path, missing, f"gave {', '.join(each['name'] for each in missing)} to {subject}")
    extra = [role for name, role in found.items() if name in wanted.ROLES and name not in roles]
    if extra:
        one.remove(path, f"took {', '.join(each['name'] for each in extra)} from {subject}", extra)


def _link(one: Converging, subject: str, there: str, name: str) -> None:
    path = f"/users/{subject}/federated-identity"
    found = {each["identityProvider"]: each["userId"] for each in one.read(path)}
    if found.get(wanted.BROKER) == there:
        return
    if wanted.BROKER in found:
        one.remove(f"{path}/{wanted.BROKER}", f"removed a wrong link of {name}")
    one.create(f"{path}/{wanted.BROKER}", {"userId": there, "userName": name}, f"linked {name} to VNeID")
