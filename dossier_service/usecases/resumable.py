"""A file that comes in parts, so that a cut costs one part: begun with its length, sent on from where it is.

Each part is an object of its own until the last has come; then the whole is checked and kept like any other upload.
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime

from dossier_service.model.dossier import FileRef
from dossier_service.store import files
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import held_draft, refuse_submitted
from dossier_service.usecases.reading import own_dossier
from dossier_service.usecases.uploads import add_dossier_file, add_draft_file, too_large, too_many
from kernel.auth import Principal
from kernel.clock import real_now
from kernel.db import Tx
from kernel.errors import Conflict, Invalid, NotFound, Text

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Incoming:
    """How far a file has come, in bytes; ``ref`` once it is whole."""

    id: str
    offset: int
    length: int
    ref: FileRef | None = None


@dataclass(frozen=True, slots=True)
class ForDraft:
    """A draft that gets a file, opened by the session or by the draft's token."""

    id: str
    principal: Principal | None
    token: str | None

    @property
    def holder(self) -> str:
        """Whose upload it is."""
        return f"draft/{self.id}"

    async def check(self, tx: Tx, desk: Desk, *, adding: bool = False) -> None:
        """Raise ``NotFound`` for a foreign draft, and when ``adding`` what ``refuse_submitted`` says."""
        row = await held_draft(tx, desk=desk, principal=self.principal, token=self.token, id=self.id)
        if adding:
            refuse_submitted(row)

    async def keep(self, desk: Desk, name: str, data: bytes) -> FileRef:
        """Check and keep the whole file."""
        return await add_draft_file(
            desk=desk, principal=self.principal, token=self.token, id=self.id, name=name, data=data
        )


@dataclass(frozen=True, slots=True)
class ForDossier:
    """The caller's dossier that gets a file for a later request."""

    code: str
    principal: Principal

    @property
    def holder(self) -> str:
        """Whose upload it is."""
        return f"dossier/{self.code}"

    async def check(self, tx: Tx, desk: Desk, *, adding: bool = False) -> None:
        """Raise ``NotFound`` for a foreign dossier."""
        await own_dossier(tx, self.principal, self.code)

    async def keep(self, desk: Desk, name: str, data: bytes) -> FileRef:
        """Check and keep the whole file."""
        return await add_dossier_file(desk=desk, principal=self.principal, code=self.code, name=name, data=data)


Receiver = ForDraft | ForDossier


async def begin_upload(*, tx: Tx, desk: Desk, to: Receiver, name: str, length: int) -> Incoming:
    """Begin a file of ``length`` bytes. Raises ``TooLarge``, ``Invalid`` (``empty_file``), ``NotFound``."""
    await to.check(tx, desk, adding=True)
    if length > desk.settings.max_file_bytes:
        raise too_large(desk)
    if length <= 0:
        raise Invalid("empty_file", Text("Tệp này trống. Bạn chọn tệp khác.", "This file is empty. Choose another."))
    if await files.count_incoming(tx, to.holder) >= desk.settings.max_files:
        raise too_many()
    id = uuid.uuid4().hex
    await files.begin_incoming(tx, id=id, holder=to.holder, name=name[:LONGEST_NAME], length=length, at=real_now())
    return Incoming(id, 0, length)


async def see_upload(*, desk: Desk, to: Receiver, id: str) -> Incoming:
    """Return how far a file has come. Raises ``NotFound`` (``no_such_draft`` or ``_dossier``, ``no_such_upload``)."""
    async with desk.database.read() as tx:
        await to.check(tx, desk)
        return await _seen(tx, to, id)


async def add_part(*, desk: Desk, to: Receiver, id: str, offset: int, data: bytes) -> Incoming:
    """Take the part that begins at ``offset``; with the last one the file is checked and kept.

    The same part twice, or an empty one at the end, does no harm: what has come stays as it is. Raises ``Conflict``
    (``upload_offset``) with the right offset, ``Invalid`` as ``add_draft_file`` does; a refused file is forgotten.
    """
    now = await see_upload(desk=desk, to=to, id=id)
    if now.ref is not None:
        return now
    if offset != now.offset or offset + len(data) > now.length:
        raise wrong_offset(now.offset)
    if data:
        await desk.files.put(_part(id, offset), data)
        async with desk.database.begin() as tx:
            moved = await files.advance_incoming(tx, id, offset=offset, received=offset + len(data))
            now = await _seen(tx, to, id)
        if not moved:
            raise wrong_offset(now.offset)
    return await _whole(desk, to, now) if now.offset == now.length else now


async def _whole(desk: Desk, to: Receiver, now: Incoming) -> Incoming:
    keys = sorted([key async for key in desk.files.keys(f"incoming/{now.id}")])
    data = b"".join([await desk.files.read(key) for key in keys])
    async with desk.database.read() as tx:
        row = await files.incoming(tx, to.holder, now.id)
    if row is None or len(data) != now.length:
        again = await see_upload(desk=desk, to=to, id=now.id)
        if again.ref is not None:
            return again
        await _forget(desk, now.id)
        raise broken()
    try:
        ref = await to.keep(desk, row.name, data)
    except Invalid:
        await _forget(desk, now.id)
        raise
    async with desk.database.begin() as tx:
        await files.finish_incoming(tx, now.id, ref.sha256)
    await drop_parts(desk, now.id)
    return Incoming(now.id, now.length, now.length, ref)


async def _seen(tx: Tx, to: Receiver, id: str) -> Incoming:
    row = await files.incoming(tx, to.holder, id)
    if row is None:
        raise NotFound("no_such_upload", Text("Không còn lần tải này. Bạn chọn lại tệp.", "There is no such upload."))
    kept = (await files.uploads(tx, to.holder)).get(row.sha256) if row.sha256 else None
    ref = FileRef(kept.sha256, kept.size, kept.type, kept.name) if kept is not None else None
    return Incoming(row.id, row.received, row.length, ref)


async def sweep_incoming(*, desk: Desk, before: datetime, limit: int = 500) -> int:
    """Forget files that began to come before ``before``, whole or not; return how many."""
    async with desk.database.read() as tx:
        old = await files.old_incoming(tx, before, limit)
    await asyncio.gather(*(drop_parts(desk, id) for id in old))
    async with desk.database.begin() as tx:
        await files.drop_incoming(tx, old)
    return len(old)


async def _forget(desk: Desk, id: str) -> None:
    async with desk.database.begin() as tx:
        await files.drop_incoming(tx, [id])
    await drop_parts(desk, id)


async def drop_parts(desk: Desk, id: str) -> None:
    """Delete the parts of a file."""
    for key in [key async for key in desk.files.keys(f"incoming/{id}")]:
        await desk.files.delete(key)


def _part(id: str, offset: int) -> str:
    return f"incoming/{id}/{offset:012}"


def wrong_offset(offset: int) -> Conflict:
    """Return the error for a part that does not go on where the file ends."""
    text = Text("Phần này không nối tiếp phần đã nhận.", "This part does not go on where the file ends.")
    return Conflict("upload_offset", text, extra={"offset": offset})


def broken() -> Invalid:
    """Return the error for parts that do not make a whole file."""
    text = Text("Tệp bị hỏng khi tải. Bạn chọn lại tệp.", "The file was damaged on the way. Choose it again.")
    return Invalid("file_broken", text)
