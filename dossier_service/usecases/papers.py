"""Papers: whether one stands, for anyone who holds it; and the way to mend a wrong one."""

from dataclasses import dataclass
from typing import Any

import orjson

from dossier_service.model.papers import Paper, Standing, normal_paper_code
from dossier_service.model.states import State
from dossier_service.store import corrections, dossiers, drafts, papers
from dossier_service.store.mapping import dump
from dossier_service.usecases.answers import check_some, compiled
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import Draft, draft_of, fileable, open_draft, places_named
from dossier_service.usecases.reading import own_dossier
from dossier_service.usecases.seals import Verdict, Word
from kernel.auth import Principal
from kernel.db import Tx
from kernel.digest import digest_bytes
from kernel.errors import Conflict, Invalid, NotFound, Text

GIVEN = (State.DECIDED.value, State.RETURNED.value)


@dataclass(frozen=True, slots=True)
class OwnPaper:
    """What its owner is told of a result's paper: its code (empty for old dossiers), what it mends and what mends it.

    ``corrected_by`` is the dossier, ``correction_draft`` the draft that is to mend it; empty when there is none.
    """

    paper_code: str
    corrects: str
    corrected_by: str
    correction_draft: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of an uploaded file: its signature, and the paper whose very file it is."""

    verdict: Verdict
    paper: Paper | None


async def check_paper(*, desk: Desk, typed: str) -> Paper:
    """Return the paper that carries a code, as a stranger may know it; public.

    Raises ``Invalid`` (``bad_paper_code``) for what cannot be a code, ``NotFound`` (``no_such_paper``) when no paper
    was given with it.
    """
    paper_code = normal_paper_code(typed)
    if paper_code is None:
        raise Invalid(
            "bad_paper_code",
            Text(
                "Mã này sai một chữ hoặc thiếu chữ. Mã có 16 chữ và số, không có số 0, 1 và chữ I, L, O, U.",
                "A character is wrong or missing. A code has 16 letters and digits, without 0, 1, I, L, O and U.",
            ),
        )
    async with desk.database.read() as tx:
        found = await papers.dossier_with(tx, paper_code)
        paper = await _paper(tx, found) if found else None
    if paper is None:
        raise NotFound("no_such_paper", Text("Không có giấy nào mang mã này.", "No paper carries this code."))
    return paper


async def check_file(*, desk: Desk, data: bytes) -> Checked:
    """Say whether a PDF's signature holds and whether it is the very file of a result; nothing of it is kept."""
    verdict = await desk.seals.check(data, desk.settings.authorities)
    if verdict.word is not Word.GOOD:
        return Checked(verdict, None)
    async with desk.database.read() as tx:
        found = await papers.dossier_of_file(tx, digest_bytes(data))
        return Checked(verdict, await _paper(tx, found) if found else None)


async def read_paper(*, desk: Desk, principal: Principal, code: str) -> OwnPaper:
    """Return what belongs to the paper of the caller's dossier. Raises ``NotFound`` (``no_such_paper``) without one."""
    async with desk.database.read() as tx:
        dossier = await own_dossier(tx, principal, code)
        if dossier.state.value not in GIVEN or not dossier.results:
            raise NotFound("no_such_paper", Text("Hồ sơ này chưa có kết quả.", "This dossier has no result yet."))
        draft = await corrections.open_draft(tx, code, desk.clock.now())
        return OwnPaper(
            paper_code=await papers.code_of(tx, code),
            corrects=(await corrections.mended_by(tx, code))[0],
            corrected_by=await corrections.returned_for(tx, code) or await corrections.under_way(tx, code),
            correction_draft=draft.id if draft else "",
        )


async def open_correction(*, desk: Desk, principal: Principal, code: str, what: str) -> Draft:
    """Open the draft that mends a wrong result: the same procedure and place, with the answers that were filed.

    ``what`` is wrong goes to the office with it. A second call returns the open draft and changes ``what``. Answers
    that today's form no longer takes are left out. Raises ``NotFound`` for a foreign dossier, ``Conflict``
    (``no_result_yet``, ``correction_under_way``).
    """
    async with desk.database.begin() as tx:
        dossier = await own_dossier(tx, principal, code)
        if dossier.state is not State.RETURNED or not dossier.results:
            raise Conflict(
                "no_result_yet",
                Text("Hồ sơ này chưa trả kết quả nên chưa có gì để sửa.", "There is no result yet to mend."),
            )
        if new_code := await corrections.under_way(tx, code):
            raise Conflict(
                "correction_under_way",
                Text(f"Bạn đã báo sai sót. Theo dõi ở hồ sơ {new_code}.", f"You reported it: see dossier {new_code}."),
                extra={"dossier": new_code},
            )
        if row := await corrections.open_draft(tx, code, desk.clock.now()):
            await corrections.say(tx, row.id, what)
            return draft_of(row)
        opened = await open_draft(
            tx=tx, desk=desk, principal=principal, procedure=dossier.procedure, place=dossier.place
        )
        kept = await _still_taken(tx, desk, opened, orjson.loads((await dossiers.filed_row(tx, code)).answers))
        await drafts.change(tx, opened.id, opened.version, {"answers": dump(kept), "version": opened.version + 1})
        await corrections.add(tx, draft=opened.id, of_code=code, what=what)
        return draft_of(await drafts.get(tx, opened.id))


async def _still_taken(tx: Tx, desk: Desk, draft: Draft, filed: dict[str, object]) -> dict[str, object]:
    """Return the answers that the draft's form takes one by one; files stay away, they belong to the first dossier."""
    revision = await fileable(tx, draft.procedure, draft.revision)
    form = compiled(revision.form_digest, revision.form)
    kept = {}
    places = await places_named(tx, form, filed)
    for name, value in filed.items():
        try:
            check_some(form, {name: value}, {}, desk.clock.today(), places)
        except Invalid:
            continue
        kept[name] = value
    return kept


async def _paper(tx: Tx, row: Any) -> Paper | None:
    at = await papers.decided_at(tx, row.code)
    if row.state not in GIVEN or not orjson.loads(row.results) or at is None:
        return None
    mended = await corrections.returned_for(tx, row.code)
    return Paper(row.office_name, row.code, at, Standing.REPLACED if mended else Standing.VALID)
