"""Documents are held to what they promise."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PATHS = re.compile(
    r"`((?:kernel|proto|motcua|gateway|portal|services_catalog|search_service|dossier_service|citizen_service|exchange|"
    r"province_adapter|province_backend|tests|benchmarks|docs|deploy)/[\w./]*)(?:::(\w+))?`"
)
LINKS = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("adr", ADRS, ids=lambda path: path.stem)
def test_an_adr_is_one_page_and_says_what_enforces_it(adr: Path) -> None:
    text = adr.read_text()
    assert "**Enforced by**" in text
    assert len(text.split()) < 450


@pytest.mark.parametrize("document", [*ADRS, *sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"], ids=str)
def test_every_path_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    missing = []
    for path, name in PATHS.findall(text):
        target = ROOT / path
        if not target.exists() and not target.with_suffix(".py").exists():
            missing.append(path)
        elif name and name not in target.read_text():
            missing.append(f"{path}::{name}")
    missing += [link for link in LINKS.findall(text) if not (document.parent / link).exists()]
    assert missing == []


def test_adr_numbers_are_dense() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


def test_the_readme_names_every_room() -> None:
    text = (ROOT / "README.md").read_text()
    rooms = [path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests"}]
    assert [room for room in rooms if f"{room}/" not in text] == []
