"""What the citizen does after filing: supplement, confirm, withdraw; each request gets exactly one answer."""

from collections.abc import Mapping, Sequence

from dossier_service.model.dossier import Dossier, FileRef, Request
from dossier_service.model.filing import file_request
from dossier_service.model.happened import RequestQueued
from dossier_service.model.reports import Applied
from dossier_service.model.states import RequestKind
from dossier_service.store import dossiers, files
from dossier_service.store.mapping import dump
from dossier_service.usecases.answers import check_some, compiled, file_digests
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import check_size, fileable, places_named
from dossier_service.usecases.reading import own_dossier
from kernel.auth import Principal
from kernel.db import Tx
from kernel.errors import Conflict, FieldProblem, Invalid, Text


async def request_of_citizen(
    *,
    tx: Tx,
    desk: Desk,
    principal: Principal,
    code: str,
    kind: RequestKind,
    ask_no: int | None,
    answers: Mapping[str, object],
    digests: Sequence[str],
    text: str,
) -> Request:
    """File one request on the caller's dossier and put it on the owner's lane; return it with its number.

    ``digests`` are files uploaded to the dossier. Raises ``NotFound`` for a foreign dossier, ``Conflict`` (see
    ``model.filing.file_request``; ``payment_not_offered``), ``Invalid`` (``invalid_answers``, ``empty_supplement``).
    """
    dossier = await own_dossier(tx, principal, code)
    if kind is RequestKind.PAYMENT:
        raise Conflict(
            "payment_not_offered",
            Text("Bạn nộp tiền ở mục Nộp tiền.", "Money is paid at …/payments, and files this request itself."),
        )
    refs = await _checked(tx, desk, dossier, answers, digests)
    if kind is RequestKind.SUPPLEMENT and not refs and not answers and not text.strip():
        raise Invalid(
            "empty_supplement",
            Text("Bạn gửi kèm giấy tờ hoặc nội dung cần bổ sung.", "Send the papers or the text that is wanted."),
        )
    waiting = list((await dossiers.open_requests(tx, [code])).get(code, {}).values())
    request = Request(
        request_no=0,
        kind=kind,
        ask_no=ask_no,
        filed_at=desk.clock.now(),
        by=dossier.owner,
        helper=principal.actor if principal.sub == dossier.owner else principal.sub,
        answers=dict(answers) if answers else None,
        files=refs,
        text=text.strip(),
    )
    applied, numbered = file_request(dossier, request, waiting, at=desk.clock.now(), calendar=desk.calendar)
    await keep_request(tx, desk, dossier, applied, numbered)
    return numbered


async def keep_request(tx: Tx, desk: Desk, before: Dossier, applied: Applied, request: Request) -> None:
    """Write what filing ``request`` changed, and put the request on the lane of the dossier's owner."""
    await dossiers.move(tx, [(before, applied.dossier)])
    await dossiers.add_history(tx, applied.changes)
    await dossiers.add_request(tx, before.code, request)
    await files.add(tx, [(before.code, ref, "supplement", request.filed_at) for ref in request.files])
    await files.drop_uploads(tx, f"dossier/{before.code}", [ref.sha256 for ref in request.files])
    for change in applied.changes:
        tx.emit(change)
    tx.emit(RequestQueued(applied.dossier, request))
    tx.after_commit(lambda: desk.changes.ring([before.code]))


async def _checked(
    tx: Tx, desk: Desk, dossier: Dossier, answers: Mapping[str, object], digests: Sequence[str]
) -> tuple[FileRef, ...]:
    uploads = await files.uploads(tx, f"dossier/{dossier.code}")
    known = {row.sha256: row for row in await files.of_dossier(tx, dossier.code) if row.role in ("filed", "supplement")}
    here = {**known, **uploads}
    wanted = dict.fromkeys(digests)
    if answers:
        check_size(dump(answers), desk)
        revision = await fileable(tx, dossier.procedure, dossier.revision)
        form = compiled(revision.form_digest, revision.form)
        types = {sha256: row.type for sha256, row in here.items()}
        check_some(form, answers, types, desk.clock.today(), await places_named(tx, form, answers))
        wanted |= dict.fromkeys(file_digests(form, answers))
    missing = [sha256 for sha256 in wanted if sha256 not in here]
    if missing:
        text = Text("Hệ thống chưa có tệp này. Bạn tải lên lại.", "This file is not here. Upload it again.")
        raise Invalid("unknown_file", text, [FieldProblem("files", "unknown_file", text)])
    rows = [here[sha256] for sha256 in wanted]
    return tuple(FileRef(row.sha256, row.size, row.type, row.name) for row in rows)
