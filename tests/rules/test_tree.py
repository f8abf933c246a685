"""What may not stand in the tree."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTRIES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", r"registry\.npm", r"repo1?\.maven", "crates" + r"\.io"))
)
MACHINE = re.compile("|".join(("/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/", "/ho" + r"me/\w")))
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "Not" + "ImplementedError")))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_no_registry_is_named() -> None:
    assert [str(p.relative_to(ROOT)) for p in tracked() if REGISTRIES.search(text_of(p))] == []


def test_no_path_of_one_machine_is_named() -> None:
    assert [str(p.relative_to(ROOT)) for p in tracked() if MACHINE.search(text_of(p))] == []


def test_nothing_is_marked_unfinished() -> None:
    named = [
        p
        for p in tracked()
        if p.suffix in {".py", ".html", ".js", ".css", ".proto"}
        and "tests/rules" not in str(p)
        and "_pb2" not in p.name
    ]
    assert [str(p.relative_to(ROOT)) for p in named if UNFINISHED.search(text_of(p))] == []


def test_no_file_is_over_three_megabytes() -> None:
    assert [str(p.relative_to(ROOT)) for p in tracked() if p.stat().st_size > 3_000_000] == []


def test_locks_carry_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "--index-url" not in text and "--find-links" not in text and "://" not in text
