"""The wallet: what the person's finished and running dossiers hold, and using a paper again in a draft."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dossier_service.model.dossier import FileRef
from dossier_service.store import files, wallet
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import held_draft, is_helped_by, refuse_submitted
from dossier_service.usecases.reading import NO_DOSSIER
from dossier_service.usecases.uploads import keep_draft_file
from kernel.auth import Principal
from kernel.errors import Forbidden, NotFound, Text


async def list_papers(
    *,
    desk: Desk,
    principal: Principal,
    results: bool | None,
    types: Sequence[str],
    size: int,
    before: tuple[datetime, str] | None,
) -> Sequence[Any]:
    """Return up to ``size`` + 1 rows of the caller's results and papers, newest first. Raises ``Forbidden``.

    Who acts for somebody has no wallet: neither their own nor the person's.
    """
    _refuse_helpers(principal)
    async with desk.database.read() as tx:
        return await wallet.page(tx, principal.sub, results=results, types=types, size=size, before=before)


async def reuse_paper(
    *, desk: Desk, principal: Principal, token: str | None, id: str, code: str, sha256: str
) -> FileRef:
    """Attach a file of the caller's own dossier ``code`` to draft ``id``: the same bytes, the same digest.

    Raises ``NotFound`` for a foreign draft, dossier or file, ``Forbidden`` (``no_wallet_when_helping``), ``Conflict``
    (``draft_submitted``), ``Invalid`` (``too_many_files``).
    """
    _refuse_helpers(principal)
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
        if is_helped_by(row, principal):
            raise _no_wallet()
        kept = await wallet.one(tx, principal.sub, code, sha256)
    if kept is None or await desk.files.size(files.key_of(code, sha256)) != kept.size:
        raise NotFound("no_such_file", NO_DOSSIER)
    ref, key = FileRef(sha256, kept.size, kept.type, kept.name), f"draft/{id}/{sha256}"
    await desk.files.put(key, desk.files.stream(files.key_of(code, sha256)))
    await keep_draft_file(desk=desk, principal=principal, token=token, id=id, key=key, ref=ref)
    return ref


def _refuse_helpers(principal: Principal) -> None:
    if principal.actor is not None and not principal.for_organisation:
        raise _no_wallet()


def _no_wallet() -> Forbidden:
    text = Text("Khi làm hộ, bạn không dùng ví giấy tờ.", "When you help somebody, there is no wallet.")
    return Forbidden("no_wallet_when_helping", text)
