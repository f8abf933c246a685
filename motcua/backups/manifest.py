"""What a back-up holds, with the digest of every part. Written last: a back-up without it was broken off."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

NAME = "manifest.json"
FORMAT = 1
Progress = Callable[[str, int, int], None]


class Unusable(Exception):
    """A back-up or its target cannot be used; one sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the back-up: its path below the folder, lower-case hex SHA-256 and bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """``cut_at`` is the one instant (RFC 3339, UTC) as of which everything is; ``database`` embedded or postgresql."""

    cut_at: str
    database: str
    parts: tuple[Part, ...]

    def write(self, folder: Path) -> None:
        """Write it whole or not at all, durably."""
        part = folder / f"{NAME}.part"
        with part.open("w") as out:
            json.dump({"format": FORMAT, **asdict(self)}, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        part.replace(folder / NAME)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a back-up. Raises ``Unusable``."""
    try:
        noted = json.loads((folder / NAME).read_text())
        if noted.pop("format") != FORMAT:
            raise Unusable(f"{folder} was made by another release: restore it with that one")
        parts = tuple(Part(**part) for part in noted.pop("parts"))
        return Manifest(**noted, parts=parts)
    except FileNotFoundError:
        raise Unusable(f"{folder} holds no finished back-up: {NAME} is missing") from None
    except (ValueError, TypeError, KeyError) as error:
        raise Unusable(f"{folder / NAME} cannot be read: {error}") from error


def part_of(folder: Path, path: Path) -> Part:
    """Return the part that ``path`` below ``folder`` is."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(str(path.relative_to(folder)), digest, path.stat().st_size)


def everything_in(folder: Path) -> Iterator[Path]:
    """Yield every file below ``folder`` but the manifest, in order."""
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != NAME)


def describe(folder: Path, *, cut_at: datetime, database: str, progress: Progress) -> Manifest:
    """Return the manifest of what lies in ``folder`` now."""
    paths = list(everything_in(folder))
    parts = []
    for done, path in enumerate(paths, 1):
        parts.append(part_of(folder, path))
        progress("digests", done, len(paths))
    return Manifest(cut_at.isoformat(), database, tuple(parts))


def verify(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Check every part against the manifest. Raises ``Unusable`` that names the first that differs."""
    for done, part in enumerate(manifest.parts, 1):
        path = folder / part.path
        if not path.is_file():
            raise Unusable(f"{part.path} is missing in the back-up")
        if part_of(folder, path) != part:
            raise Unusable(f"{part.path} is damaged: it differs from its digest in the manifest")
        progress("verifying", done, len(manifest.parts))
