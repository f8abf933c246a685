"""The contract services' part about not paying the fee, and a procedure that asks questions before its form."""

from typing import Any

from fastapi import FastAPI, Request, Response

from kernel.errors import Conflict, NotFound, Text, Unauthenticated
from tests.portal.samples import GUIDE, PROCEDURES, two

CODE, TO_DECIDE = "1.004222", "H26-261121-0005"
LAW = two("Thông tư 75/2022/TT-BTC, Điều 4 khoản 3", "Circular 75/2022/TT-BTC, Article 4.3")
GROUNDS: list[dict[str, Any]] = [
    {
        "ground": "ethnic_area",
        "text": two("Người dân tộc thiểu số ở xã đặc biệt khó khăn", "Ethnic minorities in communes of difficulty"),
        "basis": LAW,
        "resolution": None,
    },
    {
        "ground": "poor_household",
        "text": two("Người thuộc hộ nghèo", "People of poor households"),
        "basis": LAW,
        "resolution": two("Nghị quyết 1/2026/NQ-HĐND", "Resolution 1/2026/NQ-HĐND"),
    },
]
ELIGIBILITY: list[dict[str, Any]] = [
    {
        "id": "short",
        "kind": "yesno",
        "question": two("Bạn chỉ đến ở một thời gian?", "Do you come for a time only?"),
        "passes": "no",
        "exit": {
            "text": two("Vậy thì đăng ký tạm trú.", "Register temporary residence."),
            "procedure": "1.001193",
        },
        "law": two("Luật Cư trú 2020, Điều 27", "Law on Residence 2020, Article 27"),
    },
    {
        "id": "age",
        "kind": "age",
        "question": two("Bạn bao nhiêu tuổi?", "How old are you?"),
        "min": 18,
        "exit": {"text": two("Từ đủ 18 tuổi.", "From 18 years."), "office": two("Công an xã", "The police")},
        "law": two("Luật Cư trú 2020, Điều 27", "Law on Residence 2020, Article 27"),
    },
]
EXTRA: dict[str, dict[str, Any]] = {
    CODE: {
        **PROCEDURES["1.001193"],
        "code": CODE,
        "title": "Đăng ký thường trú",
        "plain_title": "Đăng ký thường trú",
        "plain_title_en": "Register permanent residence",
        "guide": {
            **GUIDE,
            "fee": {**GUIDE["fee"], "exempt": [{**one, "note": one["basis"]} for one in GROUNDS]},
            "eligibility": ELIGIBILITY,
        },
    }
}
AT = "2026-11-21T10:42:00+07:00"


def wished(standing: str, ground: str | None = "ethnic_area", **more: Any) -> dict[str, Any]:
    """Return an exemption as the API tells it."""
    decided = {"exempt": "list", "refused": "officer"}.get(standing)
    rule = next((one for one in GROUNDS if one["ground"] == ground), None)
    return {
        "code": None,
        "procedure": CODE,
        "ground": ground,
        "standing": standing,
        "pays": standing in ("refused", "declined"),
        "asked_at": AT,
        "consented_at": AT if standing in ("exempt", "provisional", "waiting") else None,
        "decided_by": decided,
        "decided_at": AT if decided else None,
        "source": two("Danh sách xã đặc biệt khó khăn (BẢN MẪU)", "A list (SAMPLE)") if standing == "exempt" else None,
        "as_of": "2026-11-01" if standing == "exempt" else None,
        "reason": None,
        "refused_by_rule": None,
        "rule": rule,
        "note": None,
        "photo": None,
        **more,
    }


class Exemptions:
    """What the service holds: the list's next answer, wishes by draft, exemptions by dossier, decisions."""

    def __init__(self) -> None:
        self.list_says = "exempt"
        self.wishes: dict[str, dict[str, Any]] = {}
        self.of: dict[str, dict[str, Any]] = {TO_DECIDE: wished("to_decide", code=TO_DECIDE, consented_at=AT)}
        self.asked: list[dict[str, Any]] = []
        self.proofs: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []


def add_exemptions(app: FastAPI, held: Exemptions) -> None:
    """Add the person's side and the officer's."""

    @app.get("/drafts/{draft_id}/exemption")
    async def wish(draft_id: str) -> Any:
        return {"grounds": GROUNDS, "exemption": held.wishes.get(draft_id)}

    @app.put("/drafts/{draft_id}/exemption")
    async def ask(draft_id: str, request: Request) -> Any:
        said = await request.json()
        held.asked.append(said)
        signed_in = bool(request.headers.get("authorization"))
        standing = held.list_says if said["consent"] and signed_in else "waiting" if said["consent"] else "to_decide"
        held.wishes[draft_id] = wished(standing if said["ground"] else "declined", said["ground"] or None)
        if said["consent"] and said["ground"]:
            held.wishes[draft_id]["consented_at"] = AT
        return held.wishes[draft_id]

    @app.put("/drafts/{draft_id}/exemption/proof")
    async def prove(draft_id: str, request: Request) -> Any:
        held.proofs.append(await request.json())
        return held.wishes[draft_id]

    @app.get("/dossiers/{code}/exemption")
    async def exemption(code: str, request: Request) -> Any:
        if not request.headers.get("authorization"):
            raise Unauthenticated("sign_in", Text("Bạn cần đăng nhập.", "Sign in."))
        if code not in held.of:
            raise NotFound("no_exemption", Text("Chưa có đề nghị miễn.", "None."))
        return held.of[code]

    @app.put("/dossiers/{code}/exemption/proof")
    async def prove_late(code: str, request: Request) -> Any:
        held.proofs.append(await request.json())
        return held.of[code]

    _add_desk(app, held)


def _add_desk(app: FastAPI, held: Exemptions) -> None:
    @app.get("/exemptions")
    async def waiting(cursor: str = "") -> Any:
        row = {"code": TO_DECIDE, "procedure": CODE, "ground": "ethnic_area", "asked_at": AT}
        return {"results": [row], "next_cursor": None}

    @app.get("/exemptions/{code}")
    async def proof(code: str) -> Any:
        photo = {"sha256": "0" * 64, "size": 9, "type": "image/jpeg", "name": "anh.jpg"}
        return {**held.of[code], "title": "Đăng ký thường trú", "note": "Tôi có giấy của xã.", "photo": photo}

    @app.put("/exemptions/{code}/decision")
    async def decide(code: str, request: Request) -> Response:
        said = await request.json()
        if not said["granted"] and not said["reason"]:
            raise Conflict("reason_needed", Text("Nêu lý do không miễn.", "Give the reason."))
        held.decisions.append(said)
        return Response("{}", media_type="application/json")
