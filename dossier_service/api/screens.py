"""The second screen of a helper's desk: opened by the helper, read by whoever has its short-lived code."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from dossier_service.api.assists import PRIVATE, AssistId
from dossier_service.api.parts import DeskOf
from dossier_service.api.shapes import at, due_shape
from dossier_service.model.screens import IDLE
from dossier_service.usecases.screens import Shown, end_screen, look_at_screen, note_page, open_screen
from kernel.auth import SignedIn
from kernel.clock import real_now
from kernel.web import Body

ROUTER = APIRouter(tags=["helping"])


class NowAt(Body):
    """The page of the form that is filled in now; ``check`` for the summary, empty for none."""

    page: str = Field(max_length=60)


class ScreenCode(Body):
    """The code as a person types it: any case, with or without spaces and dashes."""

    code: str = Field(min_length=1, max_length=40)


@ROUTER.post("/assists/{id}/screen", status_code=201)
async def post_screen(desk: DeskOf, id: AssistId, principal: SignedIn) -> JSONResponse:
    """Return a fresh code for the second screen of my helping; a former code of it opens nothing more.

    It works until the helping or the case ends, or for ``idle_seconds`` after my last step. Every call makes another
    code, so there is nothing to repeat. 404 ``no_such_helping``.
    """
    code = await open_screen(desk=desk, principal=principal, id=id, at=real_now())
    return JSONResponse({"code": code, "idle_seconds": int(IDLE.total_seconds())}, 201, PRIVATE)


@ROUTER.put("/assists/{id}/screen", status_code=204)
async def put_screen(desk: DeskOf, id: AssistId, body: NowAt, principal: SignedIn) -> None:
    """Tell the second screen which page I fill in now. 404 ``no_such_helping``, ``no_such_screen``."""
    await note_page(desk=desk, principal=principal, id=id, page=body.page, at=real_now())


@ROUTER.delete("/assists/{id}/screen", status_code=204)
async def delete_screen(desk: DeskOf, id: AssistId, principal: SignedIn) -> None:
    """End the second screen at once. 404 ``no_such_helping``."""
    await end_screen(desk=desk, principal=principal, id=id)


@ROUTER.post("/screens/look")
async def post_look_at_screen(desk: DeskOf, body: ScreenCode) -> JSONResponse:
    """Return what is filled in now for the person at the desk; needs no sign-in and nothing but the code.

    ``filed`` null = not filed yet; ``claim_code`` null until the receipt is printed; ``ends_at`` unless the helper goes
    on. 404 ``no_such_screen`` for wrong and ended codes alike.
    """
    shown = await look_at_screen(desk=desk, code=body.code, at=real_now())
    return JSONResponse(_shape(shown), headers=PRIVATE)


def _shape(shown: Shown) -> dict[str, Any]:
    dossier = shown.dossier
    filed = None
    if dossier is not None:
        filed = {
            "code": dossier.code,
            "office": {"id": dossier.office, "name": dossier.office_name},
            "submitted_at": at(dossier.submitted_at),
            "due": due_shape(dossier.due, dossier.expected, dossier.national_at),
        }
    return {
        "for_name": shown.helping.for_name,
        "helper_name": shown.helping.helper_name,
        "helped_at": shown.helping.helped_at,
        "allows": shown.helping.allows,
        "procedure": shown.draft.procedure,
        "revision": shown.draft.revision,
        "place": shown.draft.place,
        "page": shown.page,
        "answers": shown.answers,
        "filed": filed,
        "claim_code": shown.claim_code,
        "ends_at": at(shown.until),
    }
