"""Compare what there is with what there must be, and repair the difference; say in words what was done."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from kernel.auth_keycloak import Administration, KeycloakRefused
from motcua.keycloak.wanted import Json

MASK = "**********"


class Converging:
    """The repairs of one run over one realm; ``done`` says them in the order they were made."""

    def __init__(self, keycloak: Administration, realm: str, done: list[str]) -> None:
        self._keycloak = keycloak
        self.realm = realm
        self.at = f"/{realm}"
        self.done = done

    def read(self, path: str) -> Any:
        """Return what is below the realm at ``path``, None if nothing."""
        return self._keycloak.read(self.at + path)

    def create(self, path: str, body: Any, said: str) -> None:
        """Add ``body`` below the realm."""
        self._keycloak.create(self.at + path, body)
        self._say(said)

    def write(self, path: str, body: Any, said: str) -> None:
        """Replace what is below the realm at ``path``."""
        self._keycloak.write(self.at + path, body)
        self._say(said)

    def remove(self, path: str, said: str, body: Any = None) -> None:
        """Delete what is below the realm at ``path``."""
        self._keycloak.remove(self.at + path, body)
        self._say(said)

    def one(self, path: str, wanted: Json, name: str) -> None:
        """Bring the one thing at ``path`` to ``wanted``."""
        found = self.read(path)
        if not covers(found, wanted):
            self.write(path, merged(found or {}, wanted), f"repaired {name}")

    def member(self, path: str, wanted: Json, *, key: str, kind: str) -> Json:
        """Bring the member of the collection at ``path`` whose ``key`` is that of ``wanted`` to it; return it."""
        found = self._find(path, key, wanted[key])
        if found is None:
            self.create(path, wanted, f"created {kind} {wanted[key]}")
            found = self._find(path, key, wanted[key])
        elif not covers(found, wanted):
            self.write(f"{path}/{_name(found)}", merged(found, wanted), f"repaired {kind} {wanted[key]}")
        if found is None:
            raise KeycloakRefused(f"Keycloak did not keep {kind} {wanted[key]}.")
        return found

    def members(self, path: str, wanted: list[Json], *, kind: str) -> None:
        """Bring a collection to exactly ``wanted``: what is beyond it goes."""
        for each in wanted:
            self.member(path, each, key="name", kind=kind)
        names = {each["name"] for each in wanted}
        for found in self.read(path) or []:
            if found["name"] not in names:
                self.remove(f"{path}/{found['id']}", f"removed {kind} {found['name']}")

    def names(self, path: str, wanted: list[str], *, kind: str, change: Callable[[str], str]) -> None:
        """Bring a set of references by name to exactly ``wanted``; ``change(name)`` gives each one's path."""
        found = {each["name"]: each["id"] for each in self.read(path) or []}
        for name in wanted:
            if name not in found:
                self.write(f"{path}/{change(name)}", None, f"added {kind} {name}")
        for name, identity in found.items():
            if name not in wanted:
                self.remove(f"{path}/{identity}", f"removed {kind} {name}")

    def _find(self, path: str, key: str, value: str) -> Json | None:
        return next((each for each in self.read(path) or [] if each.get(key) == value), None)

    def _say(self, text: str) -> None:
        self.done.append(f"{self.realm}: {text}")


def covers(found: Any, wanted: Any) -> bool:
    """Tell whether ``found`` has everything of ``wanted``. The order of lists of texts does not count.

    A secret that Keycloak shows masked counts as the wanted one.
    """
    if isinstance(wanted, dict):
        there = {} if found is ABSENT else found
        return isinstance(there, dict) and all(covers(there.get(name, ABSENT), each) for name, each in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return wanted == [] and found is ABSENT
        if all(isinstance(each, str) for each in wanted):
            return sorted(map(str, found)) == sorted(wanted)
        return all(covers(one, other) for one, other in zip(found, wanted, strict=True))
    return found in (wanted, MASK) if isinstance(wanted, str) else bool(found == wanted)


ABSENT = object()


def merged(found: Json, wanted: Json) -> Json:
    """Return ``found`` with everything of ``wanted`` in it."""
    out = dict(found)
    for name, each in wanted.items():
        old = out.get(name)
        out[name] = merged(old, each) if isinstance(each, dict) and isinstance(old, dict) else each
    return out


def _name(found: Json) -> str:
    return quote(str(found.get("id") or found["name"]), safe="")
