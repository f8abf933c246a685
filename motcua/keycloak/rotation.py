"""Signing keys: a new one signs from now on; the one before goes on checking what it signed, until it is retired."""

import re

from kernel.auth_keycloak import Administration
from motcua.keycloak import wanted
from motcua.keycloak.wanted import Json

TYPE = "org.keycloak.keys.KeyProvider"


def rotate(keycloak: Administration, realm: str) -> list[str]:
    """Add a key that signs from now on; make the others passive. Return what was done, in words."""
    old = _ours(keycloak, realm)
    new = wanted.signing_key(max((_number(each) for each in old), default=0) + 1)
    keycloak.create(f"/{realm}/components", new)
    done = [f"{realm}: {new['name']} signs"]
    for each in old:
        if each["config"].get("active") != ["false"]:
            each["config"]["active"] = ["false"]
            keycloak.write(f"/{realm}/components/{each['id']}", each)
            done.append(f"{realm}: {each['name']} only checks")
    return done


def retire(keycloak: Administration, realm: str) -> list[str]:
    """Remove the keys that only check. Tokens they signed are refused as soon as services fetch the keys again.

    Twelve hours after the last rotation no such token is left; after a theft one does not wait.
    """
    done = []
    for each in _ours(keycloak, realm):
        if each["config"].get("active") == ["false"]:
            keycloak.remove(f"/{realm}/components/{each['id']}")
            done.append(f"{realm}: {each['name']} is gone")
    return done


def _ours(keycloak: Administration, realm: str) -> list[Json]:
    found: list[Json] = keycloak.read(f"/{realm}/components?type={TYPE}") or []
    return [each for each in found if each["providerId"] == "ecdsa-generated"]


def _number(component: Json) -> int:
    found = re.search(r"\d+$", component["name"])
    return int(found[0]) if found and component["name"].startswith("motcua-") else 0
