"""The contract services' part of the catalogue that answers before any procedure: one or two of everything."""

from typing import Any

from fastapi import FastAPI

from kernel.errors import NotFound, Text
from tests.portal.samples import PLACES, PROCEDURES, two

GONE = NotFound("not_found", Text("Không tìm thấy.", "Not found."))
LAW = two("Luật Hộ tịch 2014, Điều 15", "Civil Status Law 2014, Article 15")
BIRTH = PROCEDURES["1.001193"]
CHECKED = "2026-11-22"


def _step(id: str, title: dict[str, str], **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(("text", "only", "procedure", "rule", "within", "by"))
    return {"id": id, "title": title, **nothing, "instead": False, "after": [], **more}


def event(day: str | None) -> dict[str, Any]:
    """Return the checklist, dated when ``day`` is given."""
    term = {"amount": 60, "unit": "days", "counted": None, "rule": LAW}
    by = {"day": "2026-11-25", "moved_from": "2026-11-24", "unconfirmed": False} if day else None
    return {
        "id": "child",
        "slug": "sinh-con",
        "title": two("Sinh con", "A child is born"),
        "lead": two("Từ giấy chứng sinh.", "From the birth paper."),
        "day": two("Ngày sinh của bé", "The child's birth date"),
        "counted_from": day,
        "calendar": "vn-2026",
        "checked_on": CHECKED,
        "steps": [
            _step("paper", two("Giữ giấy chứng sinh", "Keep the birth paper"), rule=LAW),
            _step(
                "birth",
                two("Đăng ký khai sinh", "Register"),
                procedure=BIRTH,
                after=["paper"],
                within=term,
                by=by,
                only=two("Nếu sinh ở Việt Nam", "If born in Viet Nam"),
            ),
        ],
    }


GUIDE = {
    "id": "follow",
    "title": two("Theo dõi hồ sơ", "Follow a dossier"),
    "lead": two("Biết hồ sơ ở đâu.", "See where it is."),
    "steps": [two("Tìm mã.", "Find the code."), two("Gõ mã.", "Type it.")],
    "mind": two("Giữ mã.", "Keep the code."),
    "see": "/lookup",
    "checked_on": CHECKED,
}
QUESTION = {
    "id": "birth-when",
    "topic": "birth",
    "question": two("Phải làm khai sinh trong bao lâu?", "How soon?"),
    "answer": two("Trong 60 ngày </script> & hơn.", "Within 60 days."),
    "procedure": BIRTH,
    "law": LAW,
}
AREA = {"code": "01", "name": "Thành phố Hà Nội", "wards": 2, "lanes": ["H26"], "without_contact": 2}
STOP = {
    "id": 1,
    "part": "portal",
    "lane": None,
    "starts_at": "2026-12-05T15:00:00+00:00",
    "ends_at": "2026-12-05T19:00:00+00:00",
    "text": two("Cổng nghỉ để nâng cấp.", "The portal rests."),
    "reason": None,
    "announced_at": "2026-11-20T02:00:00+00:00",
    "cancelled_at": None,
}
CONTACT = {
    "address": None,
    "telephone": "000 000 000",
    "email": None,
    "hours": None,
    "source": "Bản thử nghiệm",
    "verified_on": "2026-11-20",
    "demo": True,
}


def office(place: dict[str, Any]) -> dict[str, Any]:
    """Return the desk of a ward."""
    where = {"province": "01", "province_name": "Thành phố Hà Nội", "lane": "H26", "former_province": "Hà Nội"}
    named = {"id": place["office"], "name": place["office_name"], "ward": place["ward"], "ward_name": place["name"]}
    return {**named, **where, "contact": CONTACT if place["ward"] == "00008" else None}


CENTRE = {**office(PLACES["00004"]), "id": "H26", "name": "Trung tâm Hà Nội", "ward": None, "ward_name": None}
OFFICES = [CENTRE, *map(office, PLACES.values())]


def information(app: FastAPI) -> None:
    """Add the routes."""
    app.state.stops = []
    _add_events(app)
    _add_questions(app)
    _add_offices(app)


def _add_events(app: FastAPI) -> None:
    @app.get("/life-events")
    async def events() -> Any:
        return {"results": [{**event(None), "steps": 2}]}

    @app.get("/life-events/{id}")
    async def one_event(id: str, day: str | None = None) -> Any:
        if id not in ("child", "sinh-con"):
            raise GONE
        return event(day)

    @app.get("/guides")
    async def guides() -> Any:
        return {"results": [GUIDE]}

    @app.get("/guides/{id}")
    async def one_guide(id: str) -> Any:
        if id != "follow":
            raise GONE
        return GUIDE


def _add_questions(app: FastAPI) -> None:
    @app.get("/questions")
    async def questions(
        q: str = "", topic: str = "", procedure: str = "", cursor: str = "", page_size: int = 20
    ) -> Any:
        found = [QUESTION] if procedure in ("", "1.001193") and "zzz" not in q else []
        topics = [{"id": "birth", "title": two("Khai sinh", "Birth")}]
        more = {"total": len(found), "topics": topics, "checked_on": CHECKED}
        return {"results": found, "next_cursor": None, **more}

    @app.get("/essential-services")
    async def essential() -> Any:
        listed = [
            {"no": 1, "title": two("Khai sinh", "Birth"), "procedures": [BIRTH], "own": None},
            {"no": 2, "title": two("Nộp phạt", "Fines"), "procedures": [], "own": None},
        ]
        return {"results": listed, "without_code": 1, "source": two("Đề án 06", "Project 06"), "checked_on": CHECKED}

    @app.get("/codes")
    async def codes() -> Any:
        return {"results": [[code, one["valid_from"]] for code, one in PROCEDURES.items()]}

    @app.get("/changes")
    async def changes(page_size: int = 20) -> Any:
        listed = PROCEDURES.values()
        return {"results": [{**one, "change": "changed", "changed_at": one["valid_from"]} for one in listed]}


def _add_offices(app: FastAPI) -> None:
    @app.get("/provinces")
    async def provinces(view: str = "34") -> Any:
        return {"results": [{**AREA, "code": "H26"} if view == "63" else AREA]}

    @app.get("/offices")
    async def offices(
        province: str = "", lane: str = "", missing: str = "", cursor: str = "", page_size: int = 20
    ) -> Any:
        found = [one for one in OFFICES if not (missing and one["contact"])]
        return {"results": found, "next_cursor": None, "total": len(found)}

    @app.get("/offices/{id}")
    async def one_office(id: str) -> Any:
        for one in OFFICES:
            if one["id"] == id:
                return one
        raise GONE

    @app.get("/agencies")
    async def agencies(missing: str = "") -> Any:
        one = {"name": "Bộ Tư pháp", "names": ["Bộ Tư pháp"], "count": 3, "contact": None}
        return {"results": [one], "total": 1}

    @app.get("/lines")
    async def lines() -> Any:
        one = {"id": "police", "name": two("Công an", "Police"), "what": two("Cần ngay", "At once"), "phone": "113"}
        return {"results": [one], "checked_on": CHECKED, "note": two("Chỉ số chắc chắn.", "Only certain ones.")}

    @app.get("/stops")
    async def stops(past: bool = False, page_size: int = 20) -> Any:
        return {"results": app.state.stops, "next_cursor": None}
