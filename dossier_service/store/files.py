"""Files of dossiers, and uploads that nothing references yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_, update

from dossier_service.model.dossier import FileRef
from dossier_service.store.tables import FILE, INCOMING, UPLOAD
from kernel.db import Tx

NOT_SCANNED = "not_scanned"


def key_of(code: str, sha256: str) -> str:
    """Return the key in the one file store (exact.md 8)."""
    return f"dossier/{code}/{sha256}"


async def add(tx: Tx, rows: Iterable[tuple[str, FileRef, str, datetime]]) -> None:
    """Reference files (code, file, role, when), which are stored and checked; known ones stay as they are."""
    wanted = {(code, ref.sha256): (code, ref, role, at) for code, ref, role, at in rows}
    for code, sha256 in await known(tx, wanted):
        del wanted[(code, sha256)]
    if wanted:
        await tx.execute(
            insert(FILE),
            [
                {
                    "code": code,
                    "sha256": ref.sha256,
                    "size": ref.size,
                    "type": ref.type,
                    "name": ref.name,
                    "role": role,
                    "scan": NOT_SCANNED,
                    "added_at": at,
                }
                for code, ref, role, at in wanted.values()
            ],
        )


async def known(tx: Tx, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of (code, sha256) that are referenced."""
    wanted = list(keys)
    if not wanted:
        return set()
    rows = await tx.all(select(FILE.c.code, FILE.c.sha256).where(tuple_(FILE.c.code, FILE.c.sha256).in_(wanted)))
    return {(row.code, row.sha256) for row in rows}


async def get(tx: Tx, code: str, sha256: str) -> Any:
    """Return one file's row, or None."""
    return await tx.first(select(FILE).where(FILE.c.code == code, FILE.c.sha256 == sha256))


async def of_dossier(tx: Tx, code: str) -> Sequence[Any]:
    """Return every file's row of a dossier, oldest first."""
    return await tx.all(select(FILE).where(FILE.c.code == code).order_by(FILE.c.added_at, FILE.c.sha256))


async def add_upload(tx: Tx, *, holder: str, key: str, ref: FileRef, at: datetime) -> None:
    """Note an upload of a draft (``draft/id``) or a dossier (``dossier/code``); the same file again renews it."""
    await tx.execute(delete(UPLOAD).where(UPLOAD.c.holder == holder, UPLOAD.c.sha256 == ref.sha256))
    await tx.execute(
        insert(UPLOAD).values(
            holder=holder, key=key, uploaded_at=at, sha256=ref.sha256, size=ref.size, type=ref.type, name=ref.name
        )
    )


async def uploads(tx: Tx, holder: str) -> dict[str, Any]:
    """Return the uploads of one holder by digest."""
    rows = await tx.all(select(UPLOAD).where(UPLOAD.c.holder == holder))
    return {row.sha256: row for row in rows}


async def old_uploads(tx: Tx, before: datetime, limit: int) -> Sequence[Any]:
    """Return uploads older than ``before``, oldest first."""
    query = select(UPLOAD).where(UPLOAD.c.uploaded_at < before).order_by(UPLOAD.c.uploaded_at).limit(limit)
    return await tx.all(query)


async def drop_uploads(tx: Tx, holder: str, digests: Iterable[str] | None = None) -> None:
    """Forget uploads of one holder (all of them, or those of ``digests``)."""
    query = delete(UPLOAD).where(UPLOAD.c.holder == holder)
    await tx.execute(query if digests is None else query.where(UPLOAD.c.sha256.in_(list(digests))))


async def every_reference(tx: Tx, *, after: tuple[str, str], limit: int) -> Sequence[Any]:
    """Return references in order of (code, sha256) after ``after``, for the inventory."""
    query = (
        select(FILE.c.code, FILE.c.sha256, FILE.c.size)
        .where(tuple_(FILE.c.code, FILE.c.sha256) > after)
        .order_by(FILE.c.code, FILE.c.sha256)
        .limit(limit)
    )
    return await tx.all(query)


async def begin_incoming(tx: Tx, *, id: str, holder: str, name: str, length: int, at: datetime) -> None:
    """Note a file that will come in parts."""
    await tx.execute(
        insert(INCOMING).values(id=id, holder=holder, name=name, length=length, received=0, sha256=None, began_at=at)
    )


async def incoming(tx: Tx, holder: str, id: str) -> Any:
    """Return the row of a file that comes in parts, or None."""
    return await tx.first(select(INCOMING).where(INCOMING.c.id == id, INCOMING.c.holder == holder))


async def count_incoming(tx: Tx, holder: str) -> int:
    """Return how many files of ``holder`` are still coming."""
    query = select(func.count().label("n")).where(INCOMING.c.holder == holder, INCOMING.c.sha256.is_(None))
    row = await tx.first(query)
    return int(row.n) if row else 0


async def advance_incoming(tx: Tx, id: str, *, offset: int, received: int) -> bool:
    """Move the end of what has come from ``offset`` to ``received``; False when another part was faster."""
    done = await tx.execute(
        update(INCOMING).where(INCOMING.c.id == id, INCOMING.c.received == offset).values(received=received)
    )
    return done.rowcount == 1


async def finish_incoming(tx: Tx, id: str, sha256: str) -> None:
    """Note the digest that a whole file was kept under."""
    await tx.execute(update(INCOMING).where(INCOMING.c.id == id).values(sha256=sha256))


async def drop_incoming(tx: Tx, ids: Iterable[str]) -> None:
    """Forget files that came in parts."""
    await tx.execute(delete(INCOMING).where(INCOMING.c.id.in_(list(ids))))


async def old_incoming(tx: Tx, before: datetime, limit: int) -> list[str]:
    """Return ids of files that began to come before ``before``."""
    query = select(INCOMING.c.id).where(INCOMING.c.began_at < before).order_by(INCOMING.c.began_at).limit(limit)
    return [row.id for row in await tx.all(query)]
