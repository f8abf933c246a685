"""The parts of the public contract that a person's own space needs: preferences, wallet, helpers, helping."""

from typing import Any

from fastapi import FastAPI, Request

from kernel.errors import NotFound, Text, Unauthenticated
from tests.portal.samples import DUE, RESULT

CODE = "H26-261121-0004"
TITLES = {"procedure": "1.001193", "title": "THỦ TỤC ĐĂNG KÝ KHAI SINH", "plain_title": "Đăng ký khai sinh"}
AT = "2026-11-21T10:42:00+07:00"
FILED = {
    "id": "h1",
    "draft": "d1",
    "code": CODE,
    "procedure": "1.001193",
    "for_name": "Bùi Thị Sáu",
    "helper_name": "Phạm Quốc Bảo",
    "helped_at": "Bộ phận một cửa Phường Ba Đình",
    "consent_way": "spoken",
    "allows": "follow",
    "told_by": "neighbour",
    "contact": "Trưởng thôn báo lại",
    "contact_seen": False,
    "started_at": AT,
    "filed_at": AT,
    "claimed": False,
    "claim_expires_at": None,
    "dossier": {
        **TITLES,
        "office": {"id": "H26.00004", "name": "Ủy ban nhân dân Phường Ba Đình"},
        "submitted_at": AT,
        "due": DUE,
        "status": 4,
        "progress": 50,
        "asked": ["papers"],
        "held_by": "authority",
    },
}
PREFERENCES: dict[str, Any] = {
    "language": "vi",
    "channels": ["mail"],
    "phone": None,
    "quiet_from": "22:00",
    "quiet_until": "06:00",
    "big_print": False,
    "offered": ["mail", "sms", "zalo"],
}

SCREEN: dict[str, Any] = {
    "for_name": "Bùi Thị Sáu",
    "helper_name": "Phạm Quốc Bảo",
    "helped_at": "Bộ phận Một cửa phường Ba Đình",
    "allows": "follow",
    "procedure": "1.001193",
    "revision": 1,
    "place": "00004",
    "page": "name",
    "answers": {"child_name": "Bùi Văn Tí"},
    "filed": None,
    "claim_code": None,
    "ends_at": "2026-11-21T10:42:00+07:00",
}
SCREENS: dict[str, dict[str, Any]] = {
    "NOW": SCREEN,
    "CHECK": {**SCREEN, "page": "check"},
    "WAIT": {**SCREEN, "page": ""},
}
SCREENS["DONE"] = {
    **SCREEN,
    "filed": {"code": CODE, "office": {"id": "H26.00004", "name": "Phường"}, "submitted_at": AT, "due": None},
    "claim_code": "K7QF-3MZR-P9TD",
}


def known(request: Request) -> None:
    """Refuse whoever is not signed in."""
    if not request.headers.get("authorization"):
        raise Unauthenticated("sign_in", Text("Bạn cần đăng nhập.", "Sign in."))


def add_preferences(app: FastAPI) -> None:
    """Add how a person wants to be told."""

    @app.get("/preferences")
    async def preferences(request: Request) -> Any:
        known(request)
        return PREFERENCES

    @app.put("/preferences")
    async def choose(request: Request) -> Any:
        known(request)
        return {**PREFERENCES, **(await request.json())}


def add_helping(app: FastAPI) -> None:
    """Add wallet, helpers, helping and claiming: one of each."""

    @app.get("/papers")
    async def papers(request: Request, kind: str = "", type: str = "", cursor: str = "", page_size: int = 20) -> Any:
        known(request)
        one = {**RESULT, **TITLES, "dossier": CODE, "kind": kind or "result", "added_at": AT}
        return {"results": [one], "next_cursor": None if cursor else "more"}

    @app.get("/helpers")
    async def helpers(request: Request, cursor: str = "", page_size: int = 20) -> Any:
        known(request)
        rows = [{**FILED, **TITLES, "ended_at": ended, "over": over} for ended, over in ((None, False), (AT, False))]
        return {"results": [*rows, {**rows[0], "over": True}], "next_cursor": None}

    @app.get("/assists")
    async def assists(request: Request, cursor: str = "", page_size: int = 20) -> Any:
        known(request)
        begun = {**FILED, "id": "h2", "code": None, "filed_at": None}
        return {"results": [{**FILED, "over": False}, {**begun, "over": False}], "next_cursor": None}

    @app.get("/assists/{id}")
    async def assist(id: str, request: Request) -> Any:
        known(request)
        if id not in ("h1", "h2"):
            raise NotFound("no_such_helping", Text("Không tìm thấy.", "Not found."))
        return FILED if id == "h1" else {**FILED, "id": "h2", "code": None, "filed_at": None, "dossier": None}

    @app.post("/assists/{id}/claim-code", status_code=201)
    async def claim_code(id: str, request: Request) -> Any:
        known(request)
        return {"claim_code": "K7QF-3MZR-P9TD", "expires_at": "2027-02-19T10:42:00+07:00"}

    @app.post("/screens/look")
    async def screen(body: dict[str, Any]) -> Any:
        if body["code"] not in SCREENS:
            raise NotFound("no_such_screen", Text("Mã màn hình không đúng.", "A wrong code."))
        return SCREENS[body["code"]]

    @app.post("/claims/look")
    async def look(request: Request) -> Any:
        filed: dict[str, Any] = FILED["dossier"]  # type: ignore[assignment]
        return {**FILED, **filed, "code": CODE, "help_ended": False, "claim_expires_at": "2027-02-19T10:42:00+07:00"}
