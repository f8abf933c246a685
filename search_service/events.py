"""The log door: ``catalog.v1`` -> the service's own rows."""

from collections.abc import Awaitable, Callable, Sequence

from google.protobuf.message import DecodeError

from kernel.db import Tx
from kernel.errors import Reject
from kernel.log import Record
from proto.events.v1 import catalog_pb2 as pb
from search_service import usecases
from search_service.model.catalogue import Head, Revision

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
    )


def _head(body: bytes) -> Head:
    message = pb.ProcedureHeadMoved()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Reject("unreadable procedure head") from error
    if not message.code or message.version < 1:
        raise Reject("a procedure head without code or version")
    return Head(message.code, message.version, message.revision, message.withdrawn, message.successor)
