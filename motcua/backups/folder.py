"""The data folder: every SQLite file as of one instant, and the plain files beside them."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from kernel.clock import real_now
from motcua.backups.manifest import Progress, Unusable

PATIENCE = 30.0
# Rebuilt at a start, of this run only, half-done, or (outbox) messages that were sent already. ``gateway.db`` holds
# who is signed in: a session that was ended must not come back to life with a back-up.
LEFT_OUT = {"index", "outbox", "exchange_parts", "parts", "partial", "engines", "lock", "run.json", "gateway.db"}
ENDINGS = ("-wal", "-shm", "-journal", ".lock", ".part", ".log")


class Cut:
    """Every database below the data folder, held at one instant until it is copied."""

    def __init__(self, at: datetime, sources: dict[Path, sqlite3.Connection]) -> None:
        self.at = at
        self._sources = sources

    def __len__(self) -> int:
        return len(self._sources)

    def copy(self, data: Path, into: Path, progress: Progress) -> None:
        """Copy each database as it was at the cut; what is written meanwhile is not in the copy."""
        for done, (path, source) in enumerate(self._sources.items(), 1):
            target = into / path.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(target)) as copied:
                source.backup(copied)
            durable(target)
            progress("databases", done, len(self._sources))


@contextlib.contextmanager
def cut_of(paths: Sequence[Path]) -> Iterator[Cut]:
    """Hold all ``paths`` at one instant. Writers of all of them wait some milliseconds, readers never.

    No transaction of ours spans two files, so taking every write lock, one file after the other, cannot deadlock.
    While all are held nothing can commit anywhere; a reader opened on each then sees just that instant.
    """
    locks: list[sqlite3.Connection] = []
    readers: dict[Path, sqlite3.Connection] = {}
    try:
        try:
            for path in paths:
                locks.append(_connect(path))
                locks[-1].execute("BEGIN IMMEDIATE")
            at = real_now()
            for path in paths:
                readers[path] = _connect(path)
                readers[path].execute("BEGIN")
                readers[path].execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            for lock in locks:
                lock.close()
        yield Cut(at, readers)
    finally:
        for reader in readers.values():
            reader.close()


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)


def databases_of(data: Path) -> list[Path]:
    """Return the SQLite files below ``data`` that are backed up, in order."""
    return [path for path in _kept(data) if path.suffix == ".db"]


def copy_plain(data: Path, into: Path, progress: Progress) -> None:
    """Copy what is no database: files that never change under their name, or that are replaced whole."""
    paths = [path for path in _kept(data) if path.suffix != ".db"]
    for done, path in enumerate(paths, 1):
        target = into / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path, target)
            shutil.copymode(path, target)
            durable(target)
        progress("files of the folder", done, len(paths))


def _kept(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT or path.name.endswith(ENDINGS):
            continue
        if path.is_dir():
            yield from _kept(path)
        elif path.is_file():
            yield path


def put_back(folder: Path, data: Path, *, only: Sequence[str], progress: Progress) -> None:
    """Copy the parts ``only`` (paths below ``folder``) into ``data`` and look into each database.

    Raises ``Unusable`` when SQLite finds one damaged.
    """
    for done, part in enumerate(only, 1):
        target = data / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / part, target)
        shutil.copymode(folder / part, target)
        durable(target)
        if target.suffix == ".db":
            with contextlib.closing(sqlite3.connect(target)) as database:
                found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise Unusable(f"{part} is damaged: {found}")
        progress("putting back", done, len(only))


def durable(path: Path) -> None:
    """Return when the file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
