"""What everybody may see: code and progress, and the daily roots that anchor every history."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from dossier_service.api.parts import DeskOf
from dossier_service.api.shapes import paged
from dossier_service.usecases.reading import list_roots, look_up
from kernel.errors import Invalid, Text
from kernel.web import PageCursor, PageSize, decode_cursor, encode_cursor, etagged

ROUTER = APIRouter(tags=["public"])


@ROUTER.get("/lookup/{code}")
async def get_lookup(
    request: Request, desk: DeskOf, code: Annotated[str, Path(min_length=1, max_length=60)]
) -> Response:
    """Return exactly the code and the progress in per cent; codes can be guessed, so they open nothing else."""
    ours, progress = await look_up(desk=desk, code=code)
    return etagged(request, {"code": ours, "progress": progress})


@ROUTER.get("/roots")
async def get_roots(request: Request, desk: DeskOf, cursor: PageCursor = None, page_size: PageSize = 20) -> Response:
    """Return the sealed days, newest first."""
    before: date | None = None
    if cursor is not None:
        try:
            before = date.fromisoformat(decode_cursor(cursor, str)[0])
        except ValueError:
            raise Invalid("bad_cursor", Text("Trang này không còn đúng.", "This page is not valid.")) from None
    page, more = paged(await list_roots(desk=desk, size=page_size, before=before), page_size)
    results = [
        {"date": row.date.isoformat(), "count": row.count, "root": row.root, "prev_root": row.prev_root} for row in page
    ]
    following = encode_cursor([page[-1].date.isoformat()]) if more else None
    return etagged(request, {"results": results, "next_cursor": following})
