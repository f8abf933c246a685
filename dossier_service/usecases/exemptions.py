"""Being let off a fee: asked in the draft with consent, looked up, proved with a photo, decided by an officer."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dossier_service.model.dossier import Dossier, FileRef
from dossier_service.model.exemptions import (
    Exemption,
    Figures,
    GroundRule,
    Standing,
    change_of,
    decided,
    figures_of,
    looked_up,
    proven,
)
from dossier_service.model.happened import AccessRecorded
from dossier_service.model.noting import noted
from dossier_service.store import assists, dossiers, exemptions, files, inbox
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import held_draft, refuse_submitted
from dossier_service.usecases.reading import own_dossier
from kernel.auth import Principal, require_role
from kernel.db import Tx
from kernel.errors import FieldProblem, Invalid, NotFound, Text

OFFICER = "officer"
WHY = "Xét miễn lệ phí"
BATCH = 100
IN_VAIN = 3
NONE_ASKED = Text("Chưa có đề nghị miễn lệ phí nào ở đây.", "No exemption was asked for here.")
GOOD_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A wish with the rule of its ground; ``dossier`` where an officer looks at it."""

    exemption: Exemption
    rule: GroundRule | None
    dossier: Dossier | None = None
    title: str = ""


async def read_wish(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str
) -> tuple[list[GroundRule], Seen | None]:
    """Return the grounds of the draft's revision, and what the person asked so far."""
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        rules = await exemptions.grounds(tx, row.procedure, row.revision)
        one = await exemptions.of_draft(tx, id)
    return rules, Seen(one, _rule(rules, one)) if one else None


async def ask_exemption(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str, ground: str, consent: bool
) -> Seen:
    """Ask for an exemption in a draft (``ground`` empty: the person does not want one), and look it up with consent.

    Without sign-in the look waits for it; without consent an officer decides. Raises ``Invalid`` (``no_such_ground``),
    ``Conflict`` (``draft_submitted``).
    """
    now = desk.clock.now()
    async with desk.database.begin() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
        rules = await exemptions.grounds(tx, row.procedure, row.revision)
        if ground and ground not in {rule.ground for rule in rules}:
            text = Text("Thủ tục này không miễn lệ phí theo diện đó.", "This procedure has no such exemption.")
            raise Invalid("no_such_ground", text, [FieldProblem("ground", "no_such_ground", text)])
        before = await exemptions.of_draft(tx, id)
        standing = Standing.WAITING if consent else Standing.TO_DECIDE
        one = Exemption(
            draft=id,
            procedure=row.procedure,
            revision=row.revision,
            ground=ground,
            standing=standing if ground else Standing.DECLINED,
            asked_at=now,
            consented_at=now if consent and ground else None,
        )
        await exemptions.put(tx, one)
    await _forget_photo(desk, before)
    if one.standing is Standing.WAITING and principal is not None:
        one = await look_up_draft(desk=desk, principal=principal, token=token, id=id) or one
    return Seen(one, _rule(rules, one))


async def look_up_draft(*, desk: Desk, principal: Principal, token: str | None, id: str) -> Exemption | None:
    """Look up what waits for the caller to be signed in; return what became of it, or None when nothing waits."""
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        one = await exemptions.of_draft(tx, id)
        helping = await assists.of_draft(tx, id) if row.helper else None
    if one is None or one.standing is not Standing.WAITING:
        return None
    return await _look(desk, one, subject=row.owner or principal.sub, helping=helping)


async def prove_in_draft(
    *, desk: Desk, principal: Principal | None, token: str | None, id: str, note: str, photo: str | None
) -> Seen:
    """Keep the answer and the photo (a file of the draft) for the officer. Raises ``Conflict``, ``Invalid``."""
    async with desk.database.read() as tx:
        row = await held_draft(tx, desk=desk, principal=principal, token=token, id=id)
        refuse_submitted(row)
        one = _there(await exemptions.of_draft(tx, id))
    return await _prove(desk, one, holder=f"draft/{id}", note=note, photo=photo)


async def read_exemption(*, desk: Desk, principal: Principal, code: str) -> Seen:
    """Return the exemption of the caller's dossier. Raises ``NotFound`` (``no_exemption``)."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
        one = _there(await exemptions.of_dossier(tx, code))
        return Seen(one, _rule(await exemptions.grounds(tx, one.procedure, one.revision), one))


async def prove_in_dossier(*, desk: Desk, principal: Principal, code: str, note: str, photo: str | None) -> Seen:
    """Keep the answer and the photo (a file uploaded to the dossier). Raises ``Conflict``, ``Invalid``."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
        one = _there(await exemptions.of_dossier(tx, code))
    return await _prove(desk, one, holder=f"dossier/{code}", note=note, photo=photo)


async def file_exemption(tx: Tx, draft: str, dossier: Dossier) -> None:
    """Take the draft's wish along to its dossier: in the transaction that files it.

    What still waits to be looked up is provisional from now on: nothing is paid meanwhile.
    """
    one = await exemptions.of_draft(tx, draft)
    if one is None:
        return
    if one.standing is Standing.WAITING:
        await exemptions.put(tx, replace(one, standing=Standing.PROVISIONAL))
    await exemptions.file(tx, draft, code=dossier.code, lane=dossier.lane)


async def check_exemptions(*, desk: Desk) -> int:
    """Look up again what was provisional because a list was away; tell the person; return how many were settled.

    In any order, and only until a few looks were in vain: neither a list that is away nor one wish that it cannot
    answer holds up the others for ever.
    """
    async with desk.database.read() as tx:
        waiting = await exemptions.to_look_up(tx, BATCH)
    settled = in_vain = 0
    for one in random.sample(waiting, len(waiting)):
        async with desk.database.read() as tx:
            dossier = (await dossiers.load(tx, [str(one.code)]))[str(one.code)]
            helping = await assists.of_dossier(tx, dossier.code) if dossier.helper else None
        after = await _look(desk, one, subject=dossier.owner, helping=helping)
        settled += after.standing is not Standing.PROVISIONAL
        in_vain += after.standing is Standing.PROVISIONAL
        if in_vain >= IN_VAIN:
            break
    return settled


async def sweep_exemptions(*, desk: Desk) -> int:
    """Forget wishes of drafts that are gone, with their photos; return how many."""
    async with desk.database.begin() as tx:
        left = await exemptions.left_behind(tx, BATCH)
        for one in left:
            await exemptions.drop(tx, one.draft)
    for one in left:
        await _forget_photo(desk, one)
    return len(left)


async def list_to_decide(
    *, desk: Desk, principal: Principal, size: int, before: tuple[datetime, str] | None
) -> Sequence[Exemption]:
    """Return up to ``size`` + 1 wishes that wait for the caller's office, newest first. Raises ``Forbidden``."""
    async with desk.database.read() as tx:
        return await exemptions.page_of_offices(tx, _offices(principal), size=size, before=before)


async def read_proof(*, desk: Desk, principal: Principal, code: str) -> Seen:
    """Return what an officer of the competent office sees: ground, result, time, source and what the person sent.

    The look is noted for the person, once an hour. Raises ``Forbidden``, ``NotFound``.
    """
    async with desk.database.begin() as tx:
        one, dossier = await _for_officer(tx, principal, code)
        titles = await dossiers.filed_row(tx, code)
        at = desk.clock.now().replace(minute=0, second=0, microsecond=0)
        look = {"code": code, "role": OFFICER, "office": dossier.office, "why": WHY, "at": at}
        for number in await inbox.add_accesses(tx, [look]):
            if number:
                tx.emit(AccessRecorded(code, dossier.owner, number, OFFICER, dossier.office, WHY, at))
        rules = await exemptions.grounds(tx, one.procedure, one.revision)
        return Seen(one, _rule(rules, one), dossier, titles.plain_title or titles.procedure_title)


async def read_photo(*, desk: Desk, principal: Principal, code: str) -> tuple[FileRef, AsyncIterator[bytes]]:
    """Return the photo that the person sent, for the officer who decides. Raises ``Forbidden``, ``NotFound``."""
    async with desk.database.read() as tx:
        one, _ = await _for_officer(tx, principal, code)
    if one.photo is None:
        raise NotFound("no_photo", Text("Không có ảnh nào.", "There is no photo."))
    return one.photo, desk.files.stream(_key(one, one.photo.sha256))


async def decide_exemption(
    *, desk: Desk, principal: Principal, code: str, granted: bool, reason: str, rule: str
) -> Seen:
    """Decide as an officer of the competent office; the person is told, and what they sent for it is deleted.

    A refusal needs its reason. Raises ``Invalid`` (``reason_needed``), ``Conflict`` (``already_decided``,
    ``not_to_decide``), ``Forbidden``, ``NotFound``.
    """
    if not granted and not reason.strip():
        text = Text("Nêu lý do không miễn, để người dân hiểu.", "Give the reason, so that the person understands.")
        raise Invalid("reason_needed", text, [FieldProblem("reason", "reason_needed", text)])
    async with desk.database.begin() as tx:
        before, _ = await _for_officer(tx, principal, code)
        now = desk.clock.now()
        after = decided(before, granted=granted, reason=reason.strip(), rule=rule.strip(), at=now)
        if after is not before:
            await exemptions.put(tx, after, decider=principal.sub)
            await _tell(tx, desk, after, role=OFFICER)
        rules = await exemptions.grounds(tx, after.procedure, after.revision)
    if after is not before:
        await _forget_photo(desk, before)
    return Seen(after, _rule(rules, after))


async def exemption_figures(*, desk: Desk) -> tuple[Figures, datetime]:
    """Return what is published of wishes and grants by lane, and when that was counted (at most a minute ago)."""
    now = desk.clock.now()
    last = desk.counted.exemptions
    if last is None or not timedelta(0) <= now - last[1] < GOOD_FOR:
        async with desk.database.read() as tx:
            rows = await exemptions.granted_by_lane(tx)
        last = desk.counted.exemptions = (figures_of(rows), now)
    return last


async def _look(desk: Desk, one: Exemption, *, subject: str, helping: Any) -> Exemption:
    """Ask the list outside of any transaction, then write what it said unless somebody was faster."""
    number = helping.for_id_number if helping is not None else None
    if helping is not None and number is None:
        after = replace(one, standing=Standing.TO_DECIDE)  # nobody to look for: the account is the helper's
    else:
        looked = await desk.lists.look(ground=one.ground, subject=subject, id_number=number)
        after = looked_up(one, looked, at=desk.clock.now())
    async with desk.database.begin() as tx:
        now = await exemptions.of_draft(tx, one.draft)
        if now is None or now.standing is not one.standing or now.asked_at != one.asked_at:
            return now or one
        after = replace(after, code=now.code)
        await exemptions.put(tx, after)
        if now.code is not None and after.standing is not one.standing:
            await _tell(tx, desk, after, role="portal")
    return after


async def _tell(tx: Tx, desk: Desk, one: Exemption, *, role: str) -> None:
    """Note the change in the dossier's history, so that the person is told."""
    change = change_of(one)
    if change is None or one.code is None:
        return
    what, note = change
    before = (await dossiers.load(tx, [one.code]))[one.code]
    after, happened = noted(before, what, note=note, at=desk.clock.now(), role=role, office=before.office)
    await dossiers.move(tx, [(before, after)])
    await dossiers.add_history(tx, [happened])
    tx.emit(happened)
    tx.after_commit(lambda: desk.changes.ring([after.code]))


async def _prove(desk: Desk, one: Exemption, *, holder: str, note: str, photo: str | None) -> Seen:
    ref = None
    if photo is not None:
        async with desk.database.read() as tx:
            upload = (await files.uploads(tx, holder)).get(photo)
        if upload is None:
            text = Text("Hệ thống chưa có tệp này. Bạn tải lên lại.", "This file is not here. Upload it again.")
            raise Invalid("unknown_file", text, [FieldProblem("photo", "unknown_file", text)])
        ref = FileRef(upload.sha256, upload.size, upload.type, upload.name)
        await desk.files.put(_key(one, ref.sha256), desk.files.stream(upload.key))
    async with desk.database.begin() as tx:
        now = _there(await exemptions.of_draft(tx, one.draft))
        after = proven(now, note=note.strip(), photo=ref)
        await exemptions.put(tx, after)
        rules = await exemptions.grounds(tx, after.procedure, after.revision)
    if ref is not None and now.photo is not None and now.photo.sha256 != ref.sha256:
        await _forget_photo(desk, now)
    return Seen(after, _rule(rules, after))


async def _for_officer(tx: Tx, principal: Principal, code: str) -> tuple[Exemption, Dossier]:
    offices = _offices(principal)
    dossier = (await dossiers.load(tx, [code])).get(code)
    one = await exemptions.of_dossier(tx, code)
    if dossier is None or one is None or one.standing is Standing.DECLINED or dossier.office not in offices:
        raise NotFound("no_exemption", NONE_ASKED)
    return one, dossier


def _offices(principal: Principal) -> tuple[str, ...]:
    """Return for which offices the caller decides. Raises ``Forbidden`` (``role_needed``)."""
    require_role(principal, OFFICER)
    return (principal.office,) if principal.office else ()


def _there(one: Exemption | None) -> Exemption:
    if one is None or one.standing is Standing.DECLINED:
        raise NotFound("no_exemption", NONE_ASKED)
    return one


def _rule(rules: Sequence[GroundRule], one: Exemption | None) -> GroundRule | None:
    return next((rule for rule in rules if one is not None and rule.ground == one.ground), None)


def _key(one: Exemption, sha256: str) -> str:
    return f"exemption/{one.draft}/{sha256}"


async def _forget_photo(desk: Desk, one: Exemption | None) -> None:
    if one is not None and one.photo is not None:
        await desk.files.delete(_key(one, one.photo.sha256))
