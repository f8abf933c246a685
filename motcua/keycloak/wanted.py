"""What there must be in Keycloak, in the words of its administration API. Pure: no input, no output.

Tokens carry exactly the claims of the built-in provider. A person's Keycloak id is the subject, so no table of
pseudonyms stands between; Keycloak holds no name, birth date, number or e-mail address of anybody.
"""

import hashlib
from typing import Any

from motcua.identity.people import Person

Json = dict[str, Any]

GATEWAY_CLIENT = "motcua-gateway"
TOKEN_CLIENT = "motcua-token"
BROKER_CLIENT = "motcua-broker"
BROKER = "vneid"
FIRST_SIGN_IN = "motcua first sign-in"
SCOPE = "motcua"
ALGORITHM = "ES256"
ROLES = ("citizen", "helper", "officer", "province_admin", "catalogue_editor", "publisher", "auditor", "operator")
WORKPLACE = ("participant", "office", "org")

ACCESS_SECONDS = 15 * 60
SESSION_SECONDS = 12 * 3600
IDLE_SECONDS = 3600  # longer than the gateway's own 30 minutes and the 15 minutes between two refreshes

EVENTS = ("LOGIN", "LOGIN_ERROR", "LOGOUT", "CODE_TO_TOKEN_ERROR", "REFRESH_TOKEN_ERROR", "IDENTITY_PROVIDER_LOGIN")
EVENTS_KEPT_SECONDS = 90 * 24 * 3600


def realm(name: str, title: str) -> Json:
    """Return the settings that both realms share."""
    return {
        "realm": name,
        "enabled": True,
        "displayName": title,
        "sslRequired": "external",
        "registrationAllowed": False,
        "resetPasswordAllowed": False,
        "rememberMe": False,
        "verifyEmail": False,
        "loginWithEmailAllowed": False,
        "editUsernameAllowed": False,
        "bruteForceProtected": True,
        "permanentLockout": False,
        "failureFactor": 5,
        "waitIncrementSeconds": 60,
        "maxFailureWaitSeconds": 900,
        "passwordPolicy": "length(12) and notUsername(undefined)",
        "internationalizationEnabled": True,
        "supportedLocales": ["en", "vi"],
        "defaultLocale": "vi",
        "defaultSignatureAlgorithm": ALGORITHM,
        "accessTokenLifespan": ACCESS_SECONDS,
        "accessCodeLifespan": 60,
        "ssoSessionIdleTimeout": IDLE_SECONDS,
        "ssoSessionMaxLifespan": SESSION_SECONDS,
        "eventsEnabled": True,
        "eventsExpiration": EVENTS_KEPT_SECONDS,
        "enabledEventTypes": list(EVENTS),
        "adminEventsEnabled": True,
        "adminEventsDetailsEnabled": False,
    }


def signing_key(number: int) -> Json:
    """Return the signing key of that number; the highest active one signs."""
    return {
        "name": f"motcua-{ALGORITHM.lower()}-{number}",
        "providerId": "ecdsa-generated",
        "providerType": "org.keycloak.keys.KeyProvider",
        "config": {
            "ecdsaEllipticCurveKey": ["P-256"],
            "priority": [str(100 + number)],
            "active": ["true"],
            "enabled": ["true"],
        },
    }


def profile(*names: str) -> Json:
    """Return what Keycloak may hold about a person: a name to sign in with, and ``names``, which only it may edit."""
    shown = {"view": ["admin"], "edit": ["admin"]}
    plain = [{"name": name, "permissions": shown, "multivalued": False} for name in ("email", *names)]
    username = {
        "name": "username",
        "validations": {"length": {"min": 3, "max": 255}},
        "permissions": {"view": ["admin", "user"], "edit": ["admin"]},
        "multivalued": False,
    }
    return {"attributes": [username, *plain], "groups": []}


def claims() -> list[Json]:
    """Return what puts our claims into tokens (the only client scope of our clients)."""
    access = {"access.token.claim": "true", "id.token.claim": "false", "introspection.token.claim": "true"}
    text = access | {"jsonType.label": "String", "userinfo.token.claim": "false"}
    subject = {"access.token.claim": "true", "introspection.token.claim": "true"}
    level = {"claim.name": "acr", "user.session.note": "acr"}
    roles = {"claim.name": "roles", "multivalued": "true"}
    return [
        _mapper("sub", "oidc-sub-mapper", subject),
        _mapper("audience", "oidc-audience-mapper", access | {"included.custom.audience": "motcua"}),
        _mapper("roles", "oidc-usermodel-realm-role-mapper", text | roles),
        _mapper("acr", "oidc-usersessionmodel-note-mapper", text | level),
        *(
            _mapper(name, "oidc-usermodel-attribute-mapper", text | {"claim.name": name, "user.attribute": name})
            for name in WORKPLACE
        ),
    ]


def level_claims() -> list[Json]:
    """Return what the VNeID of the demo says: who (a pseudonym) and how sure it is."""
    both = {"access.token.claim": "true", "id.token.claim": "true", "introspection.token.claim": "true"}
    level = {"claim.name": "acr", "user.attribute": "level", "jsonType.label": "String"}
    return [
        _mapper("sub", "oidc-sub-mapper", {"access.token.claim": "true", "introspection.token.claim": "true"}),
        _mapper("acr", "oidc-usermodel-attribute-mapper", both | level),
    ]


def _mapper(name: str, kind: str, config: Json) -> Json:
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": config}


def scope(name: str) -> Json:
    """Return the client scope of that name; its mappers are kept apart."""
    hidden = {"include.in.token.scope": "false", "display.on.consent.screen": "false"}
    return {"name": name, "protocol": "openid-connect", "attributes": hidden}


def confidential(client: str, secret: str, *, callbacks: list[str], after_logout: list[str]) -> Json:
    """Return a client that proves itself with a secret and takes authorization codes with PKCE (S256) only."""
    return _client(client) | {
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "secret": secret,
        "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False,
        "redirectUris": callbacks,
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "##".join(after_logout),
            "use.refresh.tokens": "true",
        },
    }


def for_programs() -> Json:
    """Return the demo's client for ``motcua token``: a name and a password for a token of 12 hours."""
    return _client(TOKEN_CLIENT) | {
        "publicClient": True,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "redirectUris": [],
        "attributes": {"access.token.lifespan": str(SESSION_SECONDS), "use.refresh.tokens": "false"},
    }


def _client(client: str) -> Json:
    return {
        "clientId": client,
        "protocol": "openid-connect",
        "enabled": True,
        "bearerOnly": False,
        "consentRequired": False,
        "implicitFlowEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "webOrigins": [],
    }


def broker(*, browser: str, inside: str, secret: str) -> Json:
    """Return VNeID as a broker of the sign-in page.

    ``browser`` is that realm's address for browsers (the issuer), ``inside`` where Keycloak itself reaches it.
    """
    front, back = f"{browser}/protocol/openid-connect", f"{inside}/protocol/openid-connect"
    return {
        "alias": BROKER,
        "displayName": "VNeID (BẢN DEMO)",
        "providerId": "oidc",
        "enabled": True,
        "trustEmail": False,
        "storeToken": False,
        "linkOnly": False,
        "firstBrokerLoginFlowAlias": FIRST_SIGN_IN,
        "config": {
            "issuer": browser,
            "authorizationUrl": f"{front}/auth",
            "tokenUrl": f"{back}/token",
            "jwksUrl": f"{back}/certs",
            "logoutUrl": f"{front}/logout",
            "useJwksUrl": "true",
            "validateSignature": "true",
            "disableUserInfo": "true",
            "clientId": BROKER_CLIENT,
            "clientSecret": secret,
            "secretMark": hashlib.sha256(secret.encode()).hexdigest()[:16],  # Keycloak shows the secret masked
            "clientAuthMethod": "client_secret_basic",
            "defaultScope": "openid",
            "pkceEnabled": "true",
            "pkceMethod": "S256",
            "syncMode": "IMPORT",
        },
    }


def broker_mappers() -> list[Json]:
    """Return what is taken from VNeID: a user name that nobody else can have, the level, and the role of a citizen.

    The role and the name are given once, to whoever comes for the first time.
    """
    return [
        _taken("name", "oidc-username-idp-mapper", "IMPORT", {"template": "${ALIAS}-${CLAIM.sub}"}),
        _taken("role", "oidc-hardcoded-role-idp-mapper", "IMPORT", {"role": "citizen"}),
        _taken(
            "level",
            "oidc-user-session-note-idp-mapper",
            "FORCE",
            {"claims": '[{"key":"acr","value":".+"}]', "are.claim.values.regex": "true"},
        ),
    ]


def _taken(name: str, kind: str, mode: str, config: Json) -> Json:
    return {
        "name": name,
        "identityProviderAlias": BROKER,
        "identityProviderMapper": kind,
        "config": {"syncMode": mode, **config},
    }


def person(each: Person) -> Json:
    """Return a demo person in our realm; the id is the subject of their tokens."""
    places = {name: [value] if (value := getattr(each, name)) else [] for name in WORKPLACE}
    return {"id": each.subject, "username": each.key, "enabled": True, "attributes": places, "requiredActions": []}


def vneid_subject(each: Person) -> str:
    """Return the pseudonym of a demo person at VNeID."""
    return "v" + hashlib.sha256(f"vneid demo person {each.key}".encode()).hexdigest()[:31]


def vneid_person(each: Person) -> Json:
    """Return a demo person at VNeID, identified at level 2."""
    known = {"username": each.key, "enabled": True, "attributes": {"level": ["2"]}, "requiredActions": []}
    return {"id": vneid_subject(each), **known}
