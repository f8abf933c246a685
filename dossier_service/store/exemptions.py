"""Grounds, and people's wishes to be let off a fee."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update

from dossier_service.model.dossier import FileRef
from dossier_service.model.exemptions import DecidedBy, Exemption, GroundRule, Standing
from dossier_service.store.paging import newest_first
from dossier_service.store.tables import DOSSIER, DRAFT, EXEMPTION, EXEMPTION_GROUND
from kernel.db import Tx
from kernel.errors import Text


async def add_grounds(tx: Tx, found: Mapping[tuple[str, int], Sequence[GroundRule]]) -> None:
    """Write the grounds of revisions (code, number), which never change."""
    for (code, revision), rules in found.items():
        mine = (EXEMPTION_GROUND.c.procedure == code, EXEMPTION_GROUND.c.revision == revision)
        await tx.execute(delete(EXEMPTION_GROUND).where(*mine))
        rows = [
            {
                "procedure": code,
                "revision": revision,
                "ground": rule.ground,
                "no": number,
                "text_vi": rule.text.vi,
                "text_en": rule.text.en,
                "basis_vi": rule.basis.vi,
                "basis_en": rule.basis.en,
                "resolution_vi": rule.resolution.vi if rule.resolution else None,
                "resolution_en": rule.resolution.en if rule.resolution else None,
            }
            for number, rule in enumerate(rules)
        ]
        if rows:
            await tx.execute(insert(EXEMPTION_GROUND), rows)


async def grounds(tx: Tx, procedure: str, revision: int) -> list[GroundRule]:
    """Return the grounds of a revision in the guide's order."""
    mine = (EXEMPTION_GROUND.c.procedure == procedure, EXEMPTION_GROUND.c.revision == revision)
    rows = await tx.all(select(EXEMPTION_GROUND).where(*mine).order_by(EXEMPTION_GROUND.c.no))
    return [
        GroundRule(
            row.ground,
            Text(row.text_vi, row.text_en),
            Text(row.basis_vi, row.basis_en),
            Text(row.resolution_vi, row.resolution_en or row.resolution_vi) if row.resolution_vi else None,
        )
        for row in rows
    ]


async def of_draft(tx: Tx, draft: str) -> Exemption | None:
    """Return the wish of a draft, filed or not."""
    row = await tx.first(select(EXEMPTION).where(EXEMPTION.c.draft == draft))
    return _exemption(row) if row else None


async def of_dossier(tx: Tx, code: str) -> Exemption | None:
    """Return the wish of a dossier."""
    row = await tx.first(select(EXEMPTION).where(EXEMPTION.c.code == code))
    return _exemption(row) if row else None


async def spared(tx: Tx, code: str) -> bool:
    """Tell whether nobody pays for the dossier: an exemption is granted, or not decided yet."""
    one = await of_dossier(tx, code)
    return one is not None and not one.pays


async def put(tx: Tx, one: Exemption, *, decider: str | None = None) -> None:
    """Insert or replace the wish of a draft; code and lane of a filed one stay."""
    values: dict[str, Any] = {
        "procedure": one.procedure,
        "revision": one.revision,
        "ground": one.ground,
        "standing": one.standing.value,
        "asked_at": one.asked_at,
        "consented_at": one.consented_at,
        "by": one.by.value,
        "source_vi": one.source.vi if one.source else None,
        "source_en": one.source.en if one.source else None,
        "as_of": one.as_of,
        "decided_at": one.decided_at,
        "decider": decider,
        "reason": one.reason,
        "rule": one.rule,
        "note": one.note,
        "photo": _photo(one.photo),
    }
    done = await tx.execute(update(EXEMPTION).where(EXEMPTION.c.draft == one.draft).values(**values))
    if not done.rowcount:
        await tx.execute(insert(EXEMPTION).values(draft=one.draft, code=one.code, lane="", **values))


async def file(tx: Tx, draft: str, *, code: str, lane: str) -> None:
    """Note the dossier that a draft became."""
    await tx.execute(update(EXEMPTION).where(EXEMPTION.c.draft == draft).values(code=code, lane=lane))


async def drop(tx: Tx, draft: str) -> None:
    """Delete the wish of a draft."""
    await tx.execute(delete(EXEMPTION).where(EXEMPTION.c.draft == draft))


async def to_look_up(tx: Tx, limit: int) -> list[Exemption]:
    """Return filed wishes whose list was away, oldest first."""
    mine = (EXEMPTION.c.standing == Standing.PROVISIONAL.value, EXEMPTION.c.code.is_not(None))
    rows = await tx.all(select(EXEMPTION).where(*mine).order_by(EXEMPTION.c.asked_at).limit(limit))
    return [_exemption(row) for row in rows]


async def left_behind(tx: Tx, limit: int) -> list[Exemption]:
    """Return wishes whose drafts are gone and were never filed."""
    query = (
        select(EXEMPTION)
        .outerjoin(DRAFT, DRAFT.c.id == EXEMPTION.c.draft)
        .where(EXEMPTION.c.code.is_(None), DRAFT.c.id.is_(None))
        .limit(limit)
    )
    return [_exemption(row) for row in await tx.all(query)]


async def page_of_offices(
    tx: Tx, offices: Sequence[str], *, size: int, before: tuple[datetime, str] | None
) -> Sequence[Exemption]:
    """Return up to ``size`` + 1 wishes that wait for one of ``offices``, which holds the dossier now; newest first."""
    query = (
        select(EXEMPTION)
        .join(DOSSIER, DOSSIER.c.code == EXEMPTION.c.code)
        .where(DOSSIER.c.office.in_(list(offices)), EXEMPTION.c.standing == Standing.TO_DECIDE.value)
    )
    rows = await tx.all(newest_first(query, EXEMPTION.c.asked_at, EXEMPTION.c.draft, before=before, size=size))
    return [_exemption(row) for row in rows]


async def granted_by_lane(tx: Tx) -> dict[str, list[bool]]:
    """Return by lane whether each filed wish was granted, oldest first."""
    asked = (EXEMPTION.c.code.is_not(None), EXEMPTION.c.standing != Standing.DECLINED.value)
    columns = (EXEMPTION.c.lane, EXEMPTION.c.standing)
    query = select(*columns).where(*asked).order_by(EXEMPTION.c.asked_at, EXEMPTION.c.draft)
    found: dict[str, list[bool]] = {}
    for row in await tx.all(query):
        found.setdefault(row.lane, []).append(row.standing == Standing.EXEMPT)
    return found


def _photo(ref: FileRef | None) -> str | None:
    if ref is None:
        return None
    return orjson.dumps({"sha256": ref.sha256, "size": ref.size, "type": ref.type, "name": ref.name}).decode()


def _exemption(row: Any) -> Exemption:
    return Exemption(
        draft=row.draft,
        code=row.code,
        procedure=row.procedure,
        revision=row.revision,
        ground=row.ground,
        standing=Standing(row.standing),
        asked_at=row.asked_at,
        consented_at=row.consented_at,
        by=DecidedBy(row.by),
        source=Text(row.source_vi, row.source_en) if row.source_vi else None,
        as_of=row.as_of,
        decided_at=row.decided_at,
        reason=row.reason,
        rule=row.rule,
        note=row.note,
        photo=FileRef(**orjson.loads(row.photo)) if row.photo else None,
    )
