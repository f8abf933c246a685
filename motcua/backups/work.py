"""Make a back-up; put one back and do what has to be done then."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from dossier_service.usecases.restored import skip_given_numbers
from exchange.usecases.restored import begin_lanes_anew
from kernel.clock import Clock
from kernel.db import Database
from kernel.settings import Settings
from motcua.assembly import open_files
from motcua.backups import postgres
from motcua.backups.folder import copy_plain, cut_of, databases_of, durable, put_back
from motcua.backups.manifest import Manifest, Progress, Unusable, describe, read_manifest, verify
from motcua.operating.places import PLACES, Place

FILES = "files"
PROVINCES = "provinces"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: the instant it is as of, how many lanes meet their journals anew, the last code skipped."""

    cut_at: str
    lanes: int
    skipped: int


def back_up(settings: Settings, into: Path, *, owner: str, progress: Progress) -> Manifest:
    """Back everything up into the new folder ``into`` while the portal serves. Raises ``Unusable``.

    ``owner`` is the address of the tables' owner, needed where the tables are on PostgreSQL.
    """
    if into.exists() and any(into.iterdir()):
        raise Unusable(f"{into} is not empty: a back-up needs a folder of its own")
    if settings.database and not owner:
        raise Unusable("give the address of the tables' owner with --owner")
    into.mkdir(parents=True, exist_ok=True)
    into.chmod(0o700)
    with cut_of(databases_of(settings.data)) as cut:
        if settings.database:
            postgres.dump(owner, into)
        cut.copy(settings.data, into, progress)
    # Files are stored before the transaction that names them: after the cut none of them can be missing.
    copy_plain(settings.data, into, progress)
    if settings.s3:
        asyncio.run(_fetch_files(settings, into / FILES, progress))
    form = "postgresql" if settings.database else "embedded"
    manifest = describe(into, cut_at=cut.at, database=form, progress=progress)
    manifest.write(into)
    return manifest


def restore(settings: Settings, folder: Path, *, owner: str, provinces: bool, progress: Progress) -> Restored:
    """Verify the back-up in ``folder`` and put it back into a data folder (and database) that holds nothing.

    Without ``provinces`` theirs are left out: they lost nothing, and are ahead of the nation. Raises ``Unusable``.
    """
    manifest = read_manifest(folder)
    form = "postgresql" if settings.database else "embedded"
    if manifest.database != form:
        raise Unusable(f"{folder} is a back-up of the form {manifest.database}, this is {form}")
    if settings.database and not owner:
        raise Unusable("give the address of the tables' owner with --owner")
    if (settings.data / "services").exists():
        raise Unusable(f"{settings.data} holds a portal already: restore into a new folder")
    verify(folder, manifest, progress)
    wanted = [part.path for part in manifest.parts if part.path != postgres.DUMP]
    if not provinces:
        wanted = [path for path in wanted if not path.startswith(f"{PROVINCES}/")]
    objects = [path for path in wanted if settings.s3 and path.startswith(f"{FILES}/")]
    try:
        put_back(folder, settings.data, only=sorted(set(wanted) - set(objects)), progress=progress)
        asyncio.run(_store_files(settings, folder, objects, progress))
        if settings.database:
            postgres.restore(owner, folder)
    except BaseException:
        shutil.rmtree(settings.data / "services", ignore_errors=True)
        raise
    lanes, skipped = asyncio.run(_after(settings, owner))
    return Restored(manifest.cut_at, lanes, skipped)


async def _fetch_files(settings: Settings, into: Path, progress: Progress) -> None:
    files = open_files(settings)
    keys = [key async for key in files.keys("")]
    for done, key in enumerate(keys, 1):
        target = into / key
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("wb") as out:
                async for chunk in files.stream(key):
                    out.write(chunk)
        except FileNotFoundError:
            target.unlink(missing_ok=True)  # a draft that was deleted meanwhile
            continue
        durable(target)
        progress("objects", done, len(keys))


async def _store_files(settings: Settings, folder: Path, paths: list[str], progress: Progress) -> None:
    files = open_files(settings) if paths else None
    for done, path in enumerate(paths, 1):
        assert files is not None
        await files.put(path.removeprefix(f"{FILES}/"), await asyncio.to_thread((folder / path).read_bytes))
        progress("objects", done, len(paths))


async def _after(settings: Settings, owner: str) -> tuple[int, int]:
    databases = [_database(settings, owner, PLACES[name]) for name in ("exchange", "dossiers")]
    exchange, dossiers = databases
    try:
        lanes = await begin_lanes_anew(database=exchange)
        now = Clock(settings.data / "clock.json").now()
        return lanes, await skip_given_numbers(database=dossiers, now=now)
    finally:
        for database in databases:
            await database.close()


def _database(settings: Settings, owner: str, place: Place) -> Database:
    """Open a service's tables; on PostgreSQL as their owner, since an operator's address may only read."""
    url = settings.database_url(place.schema)
    if settings.database:
        searching = {"options": f"-csearch_path={place.schema}"}
        url = make_url(owner).update_query_dict(searching).render_as_string(hide_password=False)
    return Database(url, place.tables, readers=1)
