"""Files of a draft or a dossier: checked and durable before anything references them (road.md 3.1)."""

import re
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
from prometheus_client import Gauge

from dossier_service.model.dossier import FileRef
from dossier_service.store import assists, drafts, files
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import adopting, held_draft, refuse_submitted
from dossier_service.usecases.reading import own_dossier
from kernel.auth import Principal
from kernel.clock import real_now
from kernel.db import Database, Tx
from kernel.digest import digest_bytes
from kernel.errors import Invalid, NotFound, Text, TooLarge
from kernel.files import HEAD, Files, check_structure, sniff
from kernel.locale import size

MISSING = Gauge("motcua_dossier_files_missing", "Referenced files that the store does not hold; must be 0")
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


async def add_draft_file(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str, name: str, data: bytes
) -> FileRef:
    """Store one file for a draft and return its reference, which answers may then name."""
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
    data, type = await checked(desk, data)
    ref = FileRef(digest_bytes(data), len(data), type, shown_name(name, type))
    key = f"draft/{id}/{ref.sha256}"
    await desk.files.put(key, data)
    await keep_draft_file(desk=desk, principal=principal, token=token, id=id, key=key, ref=ref)
    return ref


async def keep_draft_file(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str, key: str, ref: FileRef
) -> None:
    """Note a stored file of a draft, which whoever signed in meanwhile makes their own."""
    async with desk.database.begin() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
        await keep_upload(tx, desk, f"draft/{id}", key, ref)
        if adopted := adopting(row, principal):
            await drafts.change(tx, id, row.version, adopted)


async def read_draft_file(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str, sha256: str
) -> tuple[Any, AsyncIterator[bytes]]:
    """Return one file's row and its bytes. Raises ``NotFound`` for a foreign draft or an unknown file."""
    async with desk.database.read() as tx:
        await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        row = (await files.uploads(tx, f"draft/{id}")).get(sha256)
    if row is None or await desk.files.size(row.key) != row.size:
        raise NotFound("no_such_file", Text("Không tìm thấy tệp này.", "There is no such file."))
    return row, desk.files.stream(row.key)


async def add_dossier_file(*, desk: Desk, principal: Principal, code: str, name: str, data: bytes) -> FileRef:
    """Store one file for a later request on the caller's dossier and return its reference."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
    data, type = await checked(desk, data)
    ref = FileRef(digest_bytes(data), len(data), type, shown_name(name, type))
    key = files.key_of(code, ref.sha256)
    await desk.files.put(key, data)
    async with desk.database.begin() as tx:
        await keep_upload(tx, desk, f"dossier/{code}", key, ref)
    return ref


async def checked(desk: Desk, data: bytes) -> tuple[bytes, str]:
    """Return the bytes to keep and their type. Raises ``TooLarge`` (``file_too_large``) or ``Invalid``."""
    if len(data) > desk.settings.max_file_bytes:
        raise too_large(desk)
    type = sniff(data[:HEAD])
    check_structure(data, type or "")
    assert type is not None
    return await desk.pictures.clean(data, type)


def shown_name(name: str, type: str) -> str:
    """Return the name to show: no path, no control characters, at most 120 letters, the ending of its type."""
    plain = UNSAFE.sub(" ", unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])).strip(" .")
    ending = {"image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic", "application/pdf": ".pdf"}[type]
    stem = plain.rpartition(".")[0] or plain or "tep"
    return stem[:115] + ending


async def keep_upload(tx: Tx, desk: Desk, holder: str, key: str, ref: FileRef) -> None:
    """Note an upload of ``holder``. Raises ``Invalid`` (``too_many_files``)."""
    held = await files.uploads(tx, holder)
    if ref.sha256 not in held and len(held) >= desk.settings.max_files:
        raise too_many()
    await files.add_upload(tx, holder=holder, key=key, ref=ref, at=real_now())


def too_large(desk: Desk) -> TooLarge:
    """Return the error for a file over the limit."""
    vi, en = (size(desk.settings.max_file_bytes, lang) for lang in ("vi", "en"))
    text = Text(f"Tệp lớn quá {vi}. Bạn chọn tệp nhỏ hơn.", f"The file is over {en}. Choose a smaller one.")
    return TooLarge("file_too_large", text)


def too_many() -> Invalid:
    """Return the error for more files than one draft or dossier may hold."""
    return Invalid("too_many_files", Text("Bạn đã tải lên quá nhiều tệp.", "Too many files have been uploaded."))


async def sweep_uploads(*, desk: Desk, limit: int = 500) -> int:
    """Delete expired drafts and uploads older than 48 hours that no draft's answers name; return how many files.

    What killed processes left half-written that long ago goes too.
    """
    gone = 0
    async with desk.database.begin() as tx:
        over = await drafts.expired(tx, desk.clock.now(), limit)
        await assists.forget_drafts(tx, over)
        await drafts.remove(tx, over)
    before = real_now() - timedelta(hours=desk.settings.upload_hours)
    async with desk.database.read() as tx:
        rows = await files.old_uploads(tx, before, limit)
        ids = {row.holder.removeprefix("draft/") for row in rows if row.holder.startswith("draft/")}
        texts = await drafts.answers_of(tx, sorted(ids))
    named = {id: digests_in(text) for id, text in texts.items()}
    for row in rows:
        kind, _, owner = row.holder.partition("/")
        if kind == "draft" and row.sha256 in named.get(owner, ()):
            continue
        async with desk.database.begin() as tx:
            used = kind == "dossier" and await files.get(tx, owner, row.sha256) is not None
            await files.drop_uploads(tx, row.holder, [row.sha256])
        if not used:
            await desk.files.delete(row.key)
            gone += 1
    return gone + await desk.files.sweep(timedelta(hours=desk.settings.upload_hours))


def digests_in(answers: str) -> set[str]:
    """Return every text in a list of the answers, those inside repeated groups included."""
    open_values, found = [orjson.loads(answers)], set()
    while open_values:
        for value in open_values.pop().values():
            if isinstance(value, list):
                found |= {item for item in value if isinstance(item, str)}
                open_values += [item for item in value if isinstance(item, dict)]
    return found


async def count_missing(*, desk: Desk, step: int = 1000) -> list[str]:
    """Return ``code/sha256`` of referenced files that the store does not hold whole (nightly; must be none)."""
    missing = await missing_files(database=desk.database, store=desk.files, step=step)
    MISSING.set(len(missing))
    return missing


async def missing_files(*, database: Database, store: Files, step: int = 1000) -> list[str]:
    """Return ``code/sha256`` of referenced files that ``store`` does not hold whole."""
    missing: list[str] = []
    after = ("", "")
    while True:
        async with database.read() as tx:
            rows = await files.every_reference(tx, after=after, limit=step)
        for row in rows:
            if await store.size(files.key_of(row.code, row.sha256)) != row.size:
                missing.append(f"{row.code}/{row.sha256}")
        if len(rows) < step:
            return missing
        after = (rows[-1].code, rows[-1].sha256)
