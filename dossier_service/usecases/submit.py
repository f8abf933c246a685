"""submit(): one transaction turns a draft into a dossier on its owner's lane (road.md 1.1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from prometheus_client import Counter

from dossier_service.model.assisting import helped_note
from dossier_service.model.codes import dossier_code
from dossier_service.model.conditions import asked
from dossier_service.model.dossier import Dossier, FileRef
from dossier_service.model.filing import Basis, Office, submit
from dossier_service.model.happened import DossierChanged, Filed, HandoverQueued
from dossier_service.model.papers import draw_paper_code
from dossier_service.store import assists, corrections, dossiers, drafts, files, papers
from dossier_service.store.mapping import dump
from dossier_service.usecases.answers import Form, applicant_name, check_whole, compiled, file_digests
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import adopting, check_size, fileable, held_draft, is_helped_by, office_for
from dossier_service.usecases.exemptions import file_exemption
from kernel.auth import Principal, is_organisation
from kernel.clock import VIETNAM
from kernel.db import Tx
from kernel.digest import digest_of
from kernel.errors import Text, Unauthenticated, Unavailable
from kernel.workdays import Term, Unit

TRIES = 3
FILED = Counter("motcua_dossiers_filed", "Dossiers filed: alone, with a helper, for an organisation", ("way",))


async def submit_draft(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str, wants_draft: bool = False
) -> str:
    """File the draft and return the dossier's code; a second call answers the same code.

    Without sign-in and with the draft's token the wish is kept and ``Unauthenticated`` (``sign_in_to_submit``) is
    raised. Raises ``Invalid`` (``invalid_answers``), ``TooLarge``, ``Unavailable`` (``revision_not_here_yet``).
    """
    if principal is None:
        await _note_wish(desk, token, id)
    assert principal is not None
    for _ in range(TRIES):
        code = await _try(desk, principal, token, id, wants_draft)
        if code is not None:
            return code
    raise Unavailable(
        "busy",
        Text("Bản nháp đang được sửa ở nơi khác. Bạn nộp lại.", "The draft is being edited. Try again."),
        retry_after=1,
    )


async def _note_wish(desk: Desk, token: str | None, id: str) -> None:
    async with desk.database.begin() as tx:
        row = await held_draft(tx, desk=desk, principal=None, token=token, id=id)
        if not row.submitted:
            await drafts.change(tx, id, row.version, {"submit_requested": True})
    raise Unauthenticated(
        "sign_in_to_submit",
        Text("Bạn đăng nhập để nộp. Nội dung đã điền vẫn còn.", "Sign in to file. What you typed is kept."),
    )


async def _try(desk: Desk, principal: Principal, token: str | None, id: str, wants_draft: bool) -> str | None:
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        if row.submitted:
            return str(row.code)
        revision = await fileable(tx, row.procedure, row.revision)
        office = await office_for(tx, revision, row.place)
        uploads = await files.uploads(tx, f"draft/{id}")
    form = compiled(revision.form_digest, revision.form)
    answers = asked(form.fields, orjson.loads(row.answers))
    check_size(row.answers, desk)
    types = {digest: upload.type for digest, upload in uploads.items()}
    check_whole(form, answers, types, desk.clock.today())
    refs = [
        FileRef(sha, uploads[sha].size, uploads[sha].type, uploads[sha].name) for sha in file_digests(form, answers)
    ]
    reserved = row.code
    if refs:
        reserved = await _reserve(desk, row, office)
        for ref in refs:
            await desk.files.put(files.key_of(reserved, ref.sha256), desk.files.stream(uploads[ref.sha256].key))
    filed = _filed(revision, form, answers, refs, demo_asks=row.demo_asks)
    return await _commit(desk, principal, row, revision, office, filed, reserved=reserved, wants_draft=wants_draft)


async def _reserve(desk: Desk, row: Any, office: Office) -> str:
    """Files must lie under the code before the transaction that names them, so their dossier's code comes first."""
    async with desk.database.begin() as tx:
        now = await drafts.get(tx, row.id)
        if now is not None and now.code and _is_of_today(desk, now.code, office):
            return str(now.code)
        code = await _next_code(tx, desk, office)
        await drafts.change(tx, row.id, row.version, {"code": code})
    return code


async def _next_code(tx: Tx, desk: Desk, office: Office) -> str:
    day = desk.clock.now().astimezone(VIETNAM).date()
    return dossier_code(office.lane, day, await dossiers.next_number(tx, office.lane, day))


def _is_of_today(desk: Desk, code: str, office: Office) -> bool:
    return code.rpartition("-")[0] == f"{office.lane}-{desk.clock.now().astimezone(VIETNAM):%y%m%d}"


def _filed(revision: Any, form: Form, answers: Mapping[str, object], refs: list[FileRef], *, demo_asks: bool) -> Filed:
    term = orjson.loads(revision.term) if revision.term else None
    return Filed(
        procedure_title=revision.title,
        answers=answers,
        files=refs,
        applicant_name=applicant_name(form, answers),
        term_amount=term["amount"] if term else 0,
        term_unit=term["unit"] if term else "",
        demo_asks_json="true" if demo_asks else "",
        paper_code=draw_paper_code(),
    )


async def _commit(
    desk: Desk,
    principal: Principal,
    row: Any,
    revision: Any,
    office: Office,
    filed: Filed,
    *,
    reserved: str | None,
    wants_draft: bool,
) -> str | None:
    async with desk.database.begin() as tx:
        now = await drafts.get(tx, row.id)
        if now is None or now.submitted or now.version != row.version:
            return None
        if reserved is not None and not _is_of_today(desk, reserved, office):
            return None
        code = reserved or await _next_code(tx, desk, office)
        at = desk.clock.now()
        helping = await assists.of_draft(tx, row.id) if row.helper else None
        helped = is_helped_by(row, principal)
        dossier, change = submit(
            code=code,
            owner=row.owner if helped else principal.sub,
            helper=principal.sub if helped else principal.actor,
            note=helped_note(helping.helper_name, helping.helped_at) if helping else "",
            basis=Basis(revision.code, revision.revision, revision.form_digest, _term(filed)),
            office=office,
            answers_digest=digest_of(dump(filed.answers)),
            files=[ref.sha256 for ref in filed.files],
            wants_draft=wants_draft,
            at=at,
            calendar=desk.calendar,
        )
        done = {"code": code, "submitted": True, "version": row.version + 1, **adopting(row, principal)}
        if not await drafts.change(tx, row.id, row.version, done):
            return None
        filed = await _keep(tx, row.id, dossier, filed, change, revision.plain_title)
        if helping is not None:
            await assists.change(tx, helping.id, {"code": code, "filed_at": at})
        tx.emit(change)
        tx.emit(HandoverQueued(dossier, filed))
        tx.after_commit(lambda: _filed_now(desk, code, _way(dossier)))
    return code


async def _keep(tx: Tx, draft: str, dossier: Dossier, filed: Filed, change: DossierChanged, plain_title: str) -> Filed:
    """Write the dossier with its first entry, its files and the code of its paper; return also what it mends."""
    await dossiers.insert_dossier(tx, dossier, filed, plain_title)
    await dossiers.add_history(tx, [change])
    await files.add(tx, [(dossier.code, ref, "filed", dossier.submitted_at) for ref in filed.files])
    await papers.add(tx, dossier.code, filed.paper_code)
    await file_exemption(tx, draft, dossier)
    corrects, wrong = await corrections.file(tx, draft=draft, code=dossier.code)
    return replace(filed, corrects=corrects, wrong=wrong)


def _way(dossier: Dossier) -> str:
    if dossier.helper is None:
        return "self"
    return "organisation" if is_organisation(dossier.owner) else "helped"


def _filed_now(desk: Desk, code: str, way: str) -> None:
    FILED.labels(way).inc()
    desk.changes.ring([code])


def _term(filed: Filed) -> Term | None:
    return Term(filed.term_amount, Unit(filed.term_unit)) if filed.term_unit else None
