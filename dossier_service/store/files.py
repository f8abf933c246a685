"""Files of dossiers, and uploads that nothing references yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_

from dossier_service.model.dossier import FileRef
from dossier_service.store.tables import FILE, UPLOAD
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
