"""The log door: ``catalog.v1`` -> the service's own rows."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from kernel.db import Tx
from kernel.errors import Reject
from kernel.log import Record
from proto.events.v1 import catalog_pb2 as pb
from search_service import usecases
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import KINDS

TOPIC = "catalog.v1"


def applying(committed: Callable[[], None]) -> Callable[[Tx, Sequence[Record]], Awaitable[None]]:
    """Return the handler for the consumer; ``committed`` is called after each durable batch.

    The handler raises ``Reject`` for a record of a known type that cannot be read; other types are passed over.
    """

    async def apply(tx: Tx, records: Sequence[Record]) -> None:
        revisions: list[Revision] = []
        heads: list[Head] = []
        for record in records:
            match record.headers.get("ce_type"):
                case "procedure_revision_published":
                    revisions.append(_revision(record.body))
                case "procedure_head_moved":
                    heads.append(_head(record.body))
                case "information_published":
                    if one := _information(record.body):
                        revisions.append(one[0])
                        heads.append(one[1])
        if revisions or heads:
            await usecases.apply_catalogue(tx=tx, revisions=revisions, heads=heads, committed=committed)

    return apply


def _revision(body: bytes) -> Revision:
    message = pb.ProcedureRevisionPublished()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Reject("unreadable procedure revision") from error
    if not message.code or message.revision < 1 or not message.title:
        raise Reject("a procedure revision without code, number or title")
    guide = _written(message.content_json)
    term, fee = guide.get("term") or {}, guide.get("fee") or {}
    length = _written(message.term_json)
    return Revision(
        code=message.code,
        revision=message.revision,
        title=message.title,
        plain_title=message.plain_title,
        plain_title_en=message.plain_title_en,
        field=message.field,
        issuer=message.issuer,
        executors=tuple(message.executors),
        levels=tuple(message.levels),
        applicants=tuple(message.applicants),
        everyday=tuple(message.everyday),
        fileable=message.fileable,
        text=_side(guide.get("who"), "vi"),
        text_en=_side(guide.get("who"), "en"),
        competent_level=message.competent_level,
        term_amount=int(length.get("amount", 0)),
        term_unit=str(length.get("unit", "")),
        term=_side(term.get("text"), "vi"),
        term_en=_side(term.get("text"), "en"),
        fee=_side(fee.get("text"), "vi"),
        fee_en=_side(fee.get("text"), "en"),
    )


def _written(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text)) if text else {}
    except ValueError as error:
        raise Reject("a procedure revision with an unreadable guide") from error


def _side(text: Mapping[str, str] | None, lang: str) -> str:
    return str((text or {}).get(lang) or "")


def _information(body: bytes) -> tuple[Revision, Head] | None:
    message = pb.InformationPublished()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Reject("unreadable information") from error
    if message.kind not in KINDS:
        return None
    if not message.id or message.version < 1 or not message.title:
        raise Reject("information without id, version or title")
    one = Revision(
        code=f"{message.kind}/{message.id}",
        revision=message.version,
        title=message.title,
        plain_title_en=message.title_en,
        everyday=tuple(message.everyday),
        type=message.kind,
        text=message.text,
        text_en=message.text_en,
        address=message.address,
        leads=tuple(message.procedures),
    )
    return one, Head(one.code, one.revision, one.revision, message.withdrawn, "")


def _head(body: bytes) -> Head:
    message = pb.ProcedureHeadMoved()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Reject("unreadable procedure head") from error
    if not message.code or message.version < 1:
        raise Reject("a procedure head without code or version")
    return Head(message.code, message.version, message.revision, message.withdrawn, message.successor)
