"""Drafts: opened, saved field by field, given files, deleted. Without sign-in a token in the form is the key."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from dossier_service.model.dossier import FileRef
from dossier_service.model.filing import Office
from dossier_service.store import assists, catalogue, drafts, files
from dossier_service.store.mapping import dump
from dossier_service.usecases.answers import Form, check_some, compiled, file_digests, ward_codes
from dossier_service.usecases.desk import Desk
from kernel.auth import Principal
from kernel.db import Tx
from kernel.digest import digest_bytes
from kernel.errors import Conflict, Invalid, NotFound, PreconditionFailed, Text, TooLarge, Unavailable

NO_DRAFT = Text("Không tìm thấy bản nháp này.", "There is no such draft.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as its holder sees it. ``token`` only when it was just opened without sign-in."""

    id: str
    procedure: str
    revision: int
    place: str
    answers: Mapping[str, object]
    version: int
    saved_at: datetime
    expires_at: datetime
    submitted_code: str | None
    submit_requested: bool
    token: str | None = None
    files: tuple[FileRef, ...] = ()  # those that the answers name
    helping: Any = None  # the row of the helping, where somebody fills it in for another person


async def open_draft(
    *, tx: Tx, desk: Desk, principal: Principal | None, procedure: str, place: str, demo_asks: bool = False
) -> Draft:
    """Open a draft on the procedure's newest revision for the ward ``place``.

    Raises ``Conflict`` (``not_fileable_here``), ``NotFound`` (``unknown_procedure``), ``Invalid``
    (``unknown_place``), ``Unavailable`` (``revision_not_here_yet``).
    """
    if demo_asks and not desk.settings.demo:
        text = Text("Chỉ bản demo mới dùng được lựa chọn này.", "Only the demo takes this.")
        raise Invalid("demo_only", text)
    head = await catalogue.head(tx, procedure)
    if head is None:
        if await catalogue.anything(tx):
            raise NotFound("unknown_procedure", Text("Không có thủ tục này.", "There is no such procedure."))
        raise not_here_yet()
    revision = await fileable(tx, procedure, head.revision)
    if head.withdrawn:
        raise not_fileable(revision.title, head.successor)
    await office_for(tx, revision, place)
    token = None if principal else secrets.token_urlsafe(24)
    now = desk.clock.now()
    row = {
        "id": uuid.uuid4().hex,
        "token_digest": digest_bytes((token or secrets.token_urlsafe(24)).encode()),
        "owner": principal.sub if principal else None,
        "helper": principal.actor if principal else None,
        "procedure": procedure,
        "revision": head.revision,
        "place": place,
        "answers": "{}",
        "version": 1,
        "saved_at": now,
        "expires_at": now + timedelta(days=desk.settings.draft_days),
        "code": None,
        "submitted": False,
        "submit_requested": False,
        "demo_asks": demo_asks,
    }
    await drafts.add(tx, row)
    return Draft(row["id"], procedure, head.revision, place, {}, 1, now, row["expires_at"], None, False, token)


async def read_draft(*, desk: Desk, principal: Principal | None, token: str | None, id: str) -> Draft:
    """Return a draft of the caller. A foreign one is ``NotFound``."""
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        named = file_digests(await form_of(tx, row), orjson.loads(row.answers))
        here = await files.uploads(tx, f"draft/{id}") if named else {}
        helping = await assists.of_draft(tx, id) if row.helper else None
    refs = (
        FileRef(sha256, here[sha256].size, here[sha256].type, here[sha256].name) for sha256 in named if sha256 in here
    )
    return replace(draft_of(row), files=tuple(refs), helping=helping)


async def list_drafts(
    *, desk: Desk, principal: Principal, size: int, before: tuple[datetime, str] | None
) -> list[Draft]:
    """Return up to ``size`` + 1 open drafts of the caller, last saved first."""
    async with desk.database.read() as tx:
        rows = await drafts.page(tx, principal.sub, now=desk.clock.now(), size=size, before=before)
    return [draft_of(row) for row in rows]


async def save_answers(
    *,
    desk: Desk,
    principal: Principal | None,
    token: str | None,
    id: str,
    answers: Mapping[str, object],
    version: int | None = None,
) -> Draft:
    """Save answers (None removes one): all of them, or none when one is wrong.

    ``version`` is the caller's copy (If-Match). Raises ``Invalid`` (``invalid_answers``) with every wrong field,
    ``TooLarge`` (``dossier_too_large``), ``PreconditionFailed`` (``draft_changed``), ``Conflict``
    (``draft_submitted``).
    """
    async with desk.database.begin() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
        if version is not None and version != row.version:
            raise changed_meanwhile()
        form = await form_of(tx, row)
        uploads = {digest: upload.type for digest, upload in (await files.uploads(tx, f"draft/{id}")).items()}
        given = {name: value for name, value in answers.items() if value is not None}
        check_some(form, given, uploads, desk.clock.today(), await places_named(tx, form, given))
        merged = orjson.loads(row.answers) | dict(answers)
        text = dump({name: value for name, value in merged.items() if value is not None})
        check_size(text, desk)
        now = desk.clock.now()
        values = {
            "answers": text,
            "version": row.version + 1,
            "saved_at": now,
            "expires_at": now + timedelta(days=desk.settings.draft_days),
            **adopting(row, principal),
        }
        if not await drafts.change(tx, id, row.version, values):
            raise changed_meanwhile()
        saved = await drafts.get(tx, id)
    return draft_of(saved)


async def delete_draft(*, desk: Desk, principal: Principal | None, token: str | None, id: str) -> None:
    """Delete a draft and its files. Raises ``Conflict`` (``draft_submitted``) for a filed one."""
    async with desk.database.begin() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
        uploads = await files.uploads(tx, f"draft/{id}")
        await files.drop_uploads(tx, f"draft/{id}")
        await assists.forget_drafts(tx, [id])
        await drafts.remove(tx, [id])
    for upload in uploads.values():
        await desk.files.delete(upload.key)


async def held_draft(tx: Tx, *, desk: Desk, principal: Principal | None, token: str | None, id: str) -> Any:
    """Return the draft's row when the caller owns it, or it has no owner yet and the token is right."""
    row = await drafts.get(tx, id)
    if row is None or (row.expires_at <= desk.clock.now() and not row.submitted):
        raise NotFound("no_such_draft", NO_DRAFT)
    if row.owner is not None:
        if principal is None or not (principal.sub == row.owner or await _may_help(tx, row, principal)):
            raise NotFound("no_such_draft", NO_DRAFT)
    elif token is None or not secrets.compare_digest(digest_bytes(token.encode()), row.token_digest):
        raise NotFound("no_such_draft", NO_DRAFT)
    return row


async def _may_help(tx: Tx, row: Any, principal: Principal) -> bool:
    if row.helper != principal.sub:
        return False
    helping = await assists.of_draft(tx, row.id)
    return helping is not None and helping.ended_at is None


def is_helped_by(row: Any, principal: Principal) -> bool:
    """Tell whether the caller fills the draft in for another person."""
    return row.owner is not None and row.owner != principal.sub


def adopting(row: Any, principal: Principal | None) -> dict[str, Any]:
    """Return the columns by which a signed-in caller takes over a draft that was begun without sign-in."""
    if principal is None or row.owner is not None:
        return {}
    return {"owner": principal.sub, "helper": principal.actor}


async def form_of(tx: Tx, row: Any) -> Form:
    """Return the form that a draft or dossier is pinned to."""
    revision = await fileable(tx, row.procedure, row.revision)
    return compiled(revision.form_digest, revision.form)


async def fileable(tx: Tx, procedure: str, number: int) -> Any:
    """Return a revision that has a form. Raises ``Unavailable`` while it is not here, ``Conflict`` without a form."""
    revision = await catalogue.revision(tx, procedure, number)
    if revision is None:
        raise not_here_yet()
    if not revision.fileable or not revision.form:
        raise not_fileable(revision.title, "")
    return revision


async def office_for(tx: Tx, revision: Any, ward: str) -> Office:
    """Resolve procedure x ward to the office that decides (exact.md 6) from the local copy of the places."""
    place = await catalogue.place(tx, ward)
    if place is None:
        text = Text("Bạn chọn lại xã, phường.", "Choose the commune or ward again.")
        raise Invalid("unknown_place", text)
    if revision.competent_level == "commune":
        office, name = place.office, place.office_name
    elif revision.competent_level in ("province", "ministry"):
        office, name = place.lane, place.centre_name
    else:
        raise not_fileable(revision.title, "")
    return Office(ward, place.lane, office, name, received_by=place.office, result_at=place.office)


def not_here_yet() -> Unavailable:
    """Return the error for a revision whose copy has not arrived: never a guess."""
    return Unavailable(
        "revision_not_here_yet",
        Text(
            "Mẫu đơn đang được cập nhật. Bạn thử lại sau ít phút.", "The form is being updated. Try again in a moment."
        ),
        retry_after=5,
    )


def not_fileable(title: str, successor: str) -> Conflict:
    """Return the error for a procedure that cannot be filed here, with what is known."""
    return Conflict(
        "not_fileable_here",
        Text(
            "Thủ tục này chưa nộp được ở đây. Bạn liên hệ cơ quan thực hiện.",
            "This procedure cannot be filed here yet. Ask the office that handles it.",
        ),
        extra={"title": title, "successor": successor or None},
    )


def refuse_submitted(row: Any) -> None:
    """Raise ``Conflict`` (``draft_submitted``) for a draft that became a dossier."""
    if row.submitted:
        raise Conflict(
            "draft_submitted",
            Text("Hồ sơ này đã nộp rồi.", "This has been filed already."),
            extra={"submitted_code": row.code},
        )


def changed_meanwhile() -> PreconditionFailed:
    """Return the error for a draft that was saved elsewhere since the caller read it."""
    return PreconditionFailed(
        "draft_changed",
        Text("Bản nháp vừa được lưu ở nơi khác. Bạn mở lại trang.", "The draft was saved elsewhere. Open it again."),
    )


async def places_named(tx: Tx, form: Form, answers: Mapping[str, object]) -> set[str]:
    """Return those of the wards that the answers name which exist."""
    return {code for code in ward_codes(form, answers) if await catalogue.place(tx, code) is not None}


def check_size(answers: str, desk: Desk) -> None:
    """Raise ``TooLarge`` (``dossier_too_large``) for answers over the limit of a dossier's body."""
    if len(answers.encode()) > desk.settings.max_dossier_bytes:
        raise TooLarge(
            "dossier_too_large",
            Text("Hồ sơ dài quá 512 KB chữ. Bạn viết ngắn lại.", "The dossier has over 512 KB of text. Shorten it."),
        )


def draft_of(row: Any) -> Draft:
    """Return the draft of a row."""
    return Draft(
        id=row.id,
        procedure=row.procedure,
        revision=row.revision,
        place=row.place,
        answers=orjson.loads(row.answers),
        version=row.version,
        saved_at=row.saved_at,
        expires_at=row.expires_at,
        submitted_code=row.code if row.submitted else None,
        submit_requested=row.submit_requested,
    )
