"""Every name that an installation sets is one that the code reads, and the operations book lists all of them."""

import importlib
import re

import pytest

from kernel.settings import Settings
from tests.deploy.building import ROOT, built, environment, pods
from tests.deploy.test_compose import COMPOSE

ROOMS = (
    "services_catalog",
    "search_service",
    "dossier_service",
    "citizen_service",
    "exchange",
    "portal",
    "gateway",
    "province_backend",
    "province_adapter",
)
BOOK = (ROOT / "docs" / "operations.md").read_text()
READ_DIRECTLY = re.compile(
    r"(?:environ(?:\.get\(|\[)|envvar=|^[A-Z_]+ = )\"(MOTCUA_[A-Z_]+)\"", re.M
)  # by motcua and kernel


def settings() -> dict[str, type[Settings]]:
    """Return the settings class of each room, by room."""
    found: dict[str, type[Settings]] = {"kernel": Settings}
    for room in ROOMS:
        module = importlib.import_module(f"{room}.settings")
        (found[room],) = (
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Settings) and each is not Settings
        )
    return found


def names_of_settings() -> set[str]:
    return {f"MOTCUA_{field.upper()}" for each in settings().values() for field in each.model_fields}


def names_read_directly() -> set[str]:
    found: set[str] = set()
    for room in ("kernel", "motcua"):
        for path in (ROOT / room).rglob("*.py"):
            found |= set(READ_DIRECTLY.findall(path.read_text()))
    return found


KNOWN = names_of_settings() | names_read_directly()


@pytest.mark.parametrize("name", ["one-node", "national"])
def test_a_manifest_sets_only_names_that_the_code_reads(name: str) -> None:
    docs = list(built(name))
    told = {key for _, template in pods(docs) for key in environment(docs, template) if key.startswith("MOTCUA_")}
    assert len(told) > 8
    assert told - KNOWN == set()


def test_compose_sets_only_names_that_the_code_reads() -> None:
    told = {key for each in COMPOSE["services"].values() for key in each.get("environment", {})}
    told |= {
        secret["target"]
        for each in COMPOSE["services"].values()
        for secret in each.get("secrets", ())
        if isinstance(secret, dict)
    }
    assert {key for key in told if key.startswith("MOTCUA_")} - KNOWN == set()


def test_the_names_of_secret_files_are_names_that_the_code_reads() -> None:
    named = set()
    for path in (ROOT / "deploy" / "k8s").rglob("*"):
        if path.is_file():
            named |= set(re.findall(r"\b(MOTCUA_[A-Z0-9_]+)", path.read_text()))
    assert named - KNOWN == set()


def test_the_book_lists_every_setting_and_no_other() -> None:
    table = BOOK.partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    listed = set(re.findall(r"^\| `(MOTCUA_[A-Z0-9_]+)`", table, re.M))
    internal = {f"MOTCUA_{field.upper()}" for field in settings()["province_adapter"].model_fields}
    internal -= {f"MOTCUA_{field.upper()}" for field in Settings.model_fields}
    assert listed - KNOWN == set(), "listed and read by nobody"
    assert KNOWN - internal - listed == set(), "read and not listed"


def test_the_book_tells_the_defaults_as_they_are() -> None:
    table = BOOK.partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    said = dict(re.findall(r"^\| `(MOTCUA_[A-Z0-9_]+)` \| `?([^|`]*)`? \|", table, re.M))
    defaults: dict[str, set[str]] = {}
    for each in settings().values():
        for field, about in each.model_fields.items():
            if isinstance(about.default, bool | int | float | str) and str(about.default):
                defaults.setdefault(f"MOTCUA_{field.upper()}", set()).add(str(about.default))
    wrong = {
        name: found for name, found in defaults.items() if name in said and found != {said[name]} and len(found) == 1
    }
    assert wrong == {}
