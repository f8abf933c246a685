"""The live timeline over server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from dossier_service.api.parts import Code, DeskOf
from dossier_service.usecases.reading import follow, read_timeline
from kernel.auth import SignedIn
from kernel.web import ServerEvent, sse

ROUTER = APIRouter(tags=["dossiers"])


@ROUTER.get("/dossiers/{code}/stream")
async def get_stream(
    desk: DeskOf,
    code: Code,
    principal: SignedIn,
    last: Annotated[str | None, Header(alias="last-event-id", max_length=20)] = None,
) -> StreamingResponse:
    """Send each change of my dossier as it is committed: id = event_no, data = what it is now.

    ``Last-Event-ID`` continues after that event; without it the newest one comes first.
    """
    await read_timeline(desk=desk, principal=principal, code=code)
    after = int(last) if last is not None and last.isascii() and last.isdigit() else None
    return sse(_events(follow(desk=desk, principal=principal, code=code, after=after)))


async def _events(rows: AsyncIterator[Any]) -> AsyncIterator[ServerEvent]:
    async for row in rows:
        data = {"event_no": row.n, "status": row.status, "state": row.state, "version": row.version}
        yield ServerEvent(id=str(row.n), event="message", data=data)
